#ifndef TESTS_SANITIZERS_OPTIONS_H_
#define TESTS_SANITIZERS_OPTIONS_H_

// What the run-time libraries of the sanitizers ask each program for before main(). With
// --config=asan, ubsan, tsan or fuzz, .bazelrc links these answers into every program, the gateway
// included, so that the same rules hold in a test, in the processes that it starts, and by hand.
// The variables ASAN_OPTIONS, TSAN_OPTIONS … of the environment win over them.
//
// Threads: called once, before there are any.

extern "C" {

const char* __asan_default_options();
const char* __lsan_default_suppressions();
const char* __ubsan_default_options();
const char* __tsan_default_options();
// Empty in a program that does not link gRPC: no race is hidden there.
const char* __tsan_default_suppressions();

}  // extern "C"

#endif  // TESTS_SANITIZERS_OPTIONS_H_
