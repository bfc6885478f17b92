#ifndef TESTS_SCENARIOS_CLI_PROCESS_H_
#define TESTS_SCENARIOS_CLI_PROCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/struct.pb.h"
#include "sipevents/v1/subscriptions.pb.h"
#include "tests/sanitizers/build.h"
#include "tests/scenarios/child_process.h"
#include "tests/scenarios/gateway_process.h"

namespace sipevents::testing {

// How long a scenario waits for an item: generous, since the machine may be busy.
inline constexpr absl::Duration kItemPatience = absl::Seconds(20 * kSlowdown);

// The real command-line client, with --format=json, its lines read as what they say.
//
// Threads: as ChildProcess.
class CliProcess {
 public:
  using Fits = std::function<bool(const v1::WatchItem&)>;

  // Runs `sipevents ARGUMENTS… --gateway=… --format=json`.
  static absl::StatusOr<std::unique_ptr<CliProcess>> Run(const GatewayProcess& gateway,
                                                         std::vector<std::string> arguments);
  // Runs `sipevents watch TARGET --event=PACKAGE` with further arguments.
  static absl::StatusOr<std::unique_ptr<CliProcess>> Watch(
      const GatewayProcess& gateway, const std::string& target, const std::string& event_package,
      const std::vector<std::string>& more = {});

  ChildProcess& process() { return *process_; }

  // The next line of `watch`.
  absl::StatusOr<v1::WatchItem> NextItem(absl::Duration patience = kItemPatience);
  // Skips items until one fits; the failure shows what was skipped, and names `what`.
  absl::StatusOr<v1::WatchItem> WaitForItem(const std::string& what, const Fits& fits,
                                            absl::Duration patience = kItemPatience);
  // Skips items until an event comes.
  absl::StatusOr<v1::Event> WaitForEvent(absl::Duration patience = kItemPatience);
  // Skips items until a status with this state comes.
  absl::StatusOr<v1::Subscription> WaitForState(v1::Subscription::State state,
                                                absl::Duration patience = kItemPatience);
  // Skips items until this bookmark comes.
  absl::StatusOr<v1::Bookmark> WaitForBookmark(v1::Bookmark::Kind kind,
                                               absl::Duration patience = kItemPatience);
  // The next line of any command, as JSON.
  absl::StatusOr<google::protobuf::Struct> NextJson(absl::Duration patience = kItemPatience);
  // Reads to the end: the lines, and the exit status.
  struct Outcome {
    int exit_status = -1;
    std::vector<std::string> lines;
    std::string errors;
    // All that was said, for a search.
    std::string Text() const;
  };
  absl::StatusOr<Outcome> Finish(absl::Duration patience = kItemPatience);

 private:
  CliProcess() = default;

  std::unique_ptr<ChildProcess> process_;
};

// What came in a line of `fetch` or `watch`: the event in it.
absl::StatusOr<v1::Event> EventOf(const std::string& line);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_CLI_PROCESS_H_
