#include "gateway/end_signals.h"

#include <unistd.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "gateway/telemetry/log.h"
#include "sip/base/log.h"

namespace sipevents::gateway {
namespace {

// Signals that come within this time are one.
constexpr absl::Duration kSameSignal = absl::Seconds(1);

}  // namespace

sigset_t BlockEndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
}

void EndEarly(sigset_t signals, absl::Time began, absl::Duration timeout) {
  int status = 0;
  while (true) {
    const absl::Duration left = began + timeout - absl::Now();
    const timespec wait = absl::ToTimespec(std::max(left, absl::ZeroDuration()));
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal < 0 && absl::Now() >= began + timeout) break;
    // One keystroke may arrive twice, through the process group and from a wrapper.
    if (signal < 0 || absl::Now() - began < kSameSignal) continue;
    status = 1;
    break;
  }
  Log(LogSeverity::kWarning, "main",
      status == 0 ? "the drain takes too long: ending" : "second signal: ending at once");
  FlushLog();
  _exit(status);
}

}  // namespace sipevents::gateway
