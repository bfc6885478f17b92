#ifndef GATEWAY_END_SIGNALS_H_
#define GATEWAY_END_SIGNALS_H_

#include <csignal>

#include "absl/time/time.h"

// The signals that end the process. Threads: main's.

namespace sipevents::gateway {

// Blocks SIGTERM and SIGINT, and returns them, to be waited for. To be called before any thread
// begins, so that all inherit it.
sigset_t BlockEndSignals();

void WaitForSignal(const sigset_t& signals);

// Ends the process before it has drained: at a second signal, or when the drain, which began at
// `began`, takes longer than `timeout`. For a thread of its own.
[[noreturn]] void EndEarly(sigset_t signals, absl::Time began, absl::Duration timeout);

}  // namespace sipevents::gateway

#endif  // GATEWAY_END_SIGNALS_H_
