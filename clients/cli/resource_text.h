#ifndef CLIENTS_CLI_RESOURCE_TEXT_H_
#define CLIENTS_CLI_RESOURCE_TEXT_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "clients/cli/summary.h"
#include "google/protobuf/message.h"

namespace sipevents::client {

// A line for people of what callers and operators make: a Publication, a ServedWatcher, a
// WatcherRule, a ResourceList, or an item of a stream of these; empty where there is nothing to
// tell. Times of day are those of `zone`. `paint` gives the words of a state their colour. Threads:
// any.
std::string ResourceText(const google::protobuf::Message& resource, absl::TimeZone zone,
                         const std::function<std::string(const Summary&)>& paint);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_RESOURCE_TEXT_H_
