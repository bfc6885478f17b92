#ifndef TESTS_SCENARIOS_NOTIFIER_SCENARIO_H_
#define TESTS_SCENARIOS_NOTIFIER_SCENARIO_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/scenarios/body_sketch.h"
#include "tests/scenarios/scenario.h"
#include "tests/scenarios/scripted_publisher.h"
#include "tests/scenarios/scripted_watcher.h"

namespace sipevents::testing {

// A real gateway as notifier and compositor of example.com, with a scripted watcher and a scripted
// publisher. Nobody is challenged, and every change is told at once.
//
// With --test_env=SIPEVENTS_TEST_NOTIFIER=PORT another server on 127.0.0.1 takes the gateway's
// place: what fails there shows what others do.
class NotifierScenario : public Scenario {
 protected:
  // Also shows what the phones saw, if something failed.
  void TearDown() override;

  // Starts the gateway with further flags, and makes watcher_ and publisher_ (of alice's presence).
  absl::Status StartServer(const std::vector<std::string>& flags = {});
  int port() const { return port_; }

  // Further phones; they live as long as the test.
  absl::StatusOr<ScriptedWatcher*> NewWatcher();
  absl::StatusOr<ScriptedPublisher*> NewPublisher(const std::string& resource = kAlice,
                                                  const std::string& event = "presence");
  // Publishes alice's presence, open, with this note; not OK unless that gets 200.
  absl::Status Publish(const std::string& note);

  ScriptedWatcher* watcher_ = nullptr;
  ScriptedPublisher* publisher_ = nullptr;

 private:
  int port_ = 0;
  std::vector<std::unique_ptr<ScriptedWatcher>> watchers_;
  std::vector<std::unique_ptr<ScriptedPublisher>> publishers_;
};

// One way to do it wrong, and what comes of it.
struct Refusal {
  const char* name;
  void (*change)(RawRequest& request);
  std::vector<int> statuses;     // any of them
  const char* header = nullptr;  // of the answer; null: none is looked for
  const char* value = "";        // what it contains
};
void PrintTo(const Refusal& refusal, std::ostream* out);

// Whether a response is this refusal. FailedPrecondition, with the response, if it is not.
absl::Status CheckRefused(const Received& response, const Refusal& refusal);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_NOTIFIER_SCENARIO_H_
