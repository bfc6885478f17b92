#ifndef CLIENTS_CLI_WATCH_VIEW_H_
#define CLIENTS_CLI_WATCH_VIEW_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// One of the targets of a watch, as the command line has it.
struct WatchedTarget {
  // Its place on the command line, from 1. 0: the stream that brings all of them.
  size_t number = 0;
  // A URI or a name; empty with 0.
  std::string text;
};

// Shows what watches bring.
//
// Threads: ShowItem() and ShowError() one at a time; ShowRemark(), ShowOutage() and ShowConnected()
// any, and they never wait for a reader of the output; Finish() the owner's.
class WatchView {
 public:
  virtual ~WatchView() = default;

  // What a watch brought. CANCELLED where nobody reads the output any more, another error where it
  // cannot be written.
  virtual absl::Status ShowItem(const WatchedTarget& target, const v1::WatchItem& item,
                                absl::Time now) = 0;
  // A watch, or all, have ended with this. Errors as those of ShowItem().
  virtual absl::Status ShowError(const WatchedTarget& target, const absl::Status& error) = 0;

  // Something that is to be said beside all this.
  virtual void ShowRemark(absl::string_view text) = 0;
  // The gateway does not answer, in words …
  virtual void ShowOutage(absl::string_view text) = 0;
  // … and does again.
  virtual void ShowConnected(absl::string_view text) = 0;

  // Shows what is left to show, and ends a ShowItem() that waits for a reader. Ends early where
  // `stop_fd` becomes readable. Nothing is shown afterwards. Errors: it could not be written.
  virtual absl::Status Finish(int stop_fd) = 0;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_WATCH_VIEW_H_
