// Does what its argument names; each is a defect that one of the sanitizers must find.

#include <csignal>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <thread>

namespace {

// Not known to the compiler, which would else refuse or repair what follows.
volatile int opaque_one = 1;

void ReadAfterFree() {
  auto octets = std::make_unique<std::string>(100, 'x');
  const char& inside = (*octets)[static_cast<size_t>(opaque_one)];
  octets.reset();
  std::printf("%d\n", inside);
}

void Leak() {
  auto octets = std::make_unique<std::string>(1000, 'x');
  std::printf("%p\n", static_cast<void*>(octets.release()));
}

void OverflowInteger() { std::printf("%d\n", std::numeric_limits<int>::max() + opaque_one); }

void Race() {
  int counter = 0;
  std::thread other([&counter] { ++counter; });
  ++counter;
  other.join();
  std::printf("%d\n", counter);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "read-after-free") ReadAfterFree();
  if (what == "leak") Leak();
  if (what == "overflow") OverflowInteger();
  if (what == "race") Race();
  if (what == "crash") raise(SIGSEGV);
  return 0;
}
