#include "tests/sanitizers/options.h"

extern "C" {

// Bound only where the program loads libgrpc.
[[gnu::weak]] const char* grpc_version_string();

const char* __asan_default_options() {
  return "exitcode=86"
         ":check_initialization_order=1"
         ":detect_stack_use_after_return=1"
         ":strict_string_checks=1"
         // What a peer says must never decide that so much is taken at once.
         ":max_allocation_size_mb=512";
}

// Leaks of Debian's libraries, by name; what our own code leaks through them is found all the
// same wherever a frame of ours lies between.
const char* __lsan_default_suppressions() { return ""; }

const char* __ubsan_default_options() { return "print_stacktrace=1:exitcode=86"; }

const char* __tsan_default_options() { return "exitcode=86:second_deadlock_stack=1"; }

// Debian's gRPC, and what it is made of, is not instrumented: ThreadSanitizer sees the memory that
// it frees and copies, but not what orders its threads. So every report with a frame of it in one
// of its stacks is left out: also a race of ours between a callback of gRPC and anything else.
const char* __tsan_default_suppressions() {
  if (grpc_version_string == nullptr) return "";
  return "race:libgrpc.so\n"
         "race:libgrpc++.so\n"
         "race:libgpr.so\n"
         "race:libupb.so\n"
         "race:libabsl_\n"
         "race:libprotobuf.so\n"
         // Threads of its own that it leaves to the end of the process.
         "thread:libgpr.so\n"
         // The same, from its headers.
         "race:^grpc::\n"
         "race:^google::protobuf::\n";
}

}  // extern "C"
