#ifndef CLIENTS_CLI_LINE_FORMAT_H_
#define CLIENTS_CLI_LINE_FORMAT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// Makes one line, without its end, of what the gateway told. An empty result: nothing to print.
//
// Threads: any.
class LineFormat {
 public:
  virtual ~LineFormat() = default;
  // An item of the watch of `target`. `now` is for items that have no time of their own.
  virtual std::string Item(const std::string& target, const v1::WatchItem& item,
                           absl::Time now) const = 0;
  virtual std::string Event(const v1::Event& event) const = 0;
  virtual std::string Subscription(const v1::Subscription& subscription) const = 0;
  virtual std::string Explanation(const v1::Explanation& explanation) const = 0;
  // A Publication, a ServedWatcher, a WatcherRule, a ResourceList, or an item of a stream of these.
  virtual std::string Resource(const google::protobuf::Message& resource) const = 0;
  // What the gateway answered instead; may be several lines. `target` may be empty.
  virtual std::string Error(const std::string& target, const absl::Status& error) const = 0;
  // Whether errors are part of the output (standard output) or remarks on it (standard error).
  virtual bool PrintsErrors() const = 0;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_LINE_FORMAT_H_
