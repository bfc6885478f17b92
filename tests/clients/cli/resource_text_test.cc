#include "clients/cli/resource_text.h"

#include <string>

#include "gtest/gtest.h"
#include "sipevents/v1/publications.pb.h"
#include "sipevents/v1/resource_lists.pb.h"
#include "sipevents/v1/watchers.pb.h"

namespace sipevents::client {
namespace {

std::string Text(const google::protobuf::Message& resource) {
  return ResourceText(resource, absl::UTCTimeZone(),
                      [](const Summary& summary) { return "[" + summary.text + "]"; });
}

v1::Publication RefusedPublication() {
  v1::Publication publication;
  publication.set_name("publications/1");
  publication.set_target_uri("sip:desk@example.com");
  publication.set_event_package("presence");
  publication.set_route(v1::Publication::REMOTE);
  publication.set_state(v1::Publication::ENDED);
  publication.set_reason("response");
  publication.set_sip_status(403);
  publication.mutable_presence()->add_tuples()->set_basic(v1::OPEN);
  return publication;
}

TEST(ResourceTextTest, PublicationSaysItsStateAndWhatItTells) {
  EXPECT_EQ(Text(RefusedPublication()),
            "publications/1  [ended (response 403)]  remote  presence  sip:desk@example.com  open");
}

TEST(ResourceTextTest, PublicationSaysWhatItsNewestStateWaitsFor) {
  v1::Publication publication = RefusedPublication();
  publication.set_state(v1::Publication::ACTIVE);
  publication.clear_reason();
  publication.set_sip_status(0);
  publication.set_reconciling(true);
  publication.mutable_waiting_since()->set_seconds(45'296);
  EXPECT_EQ(Text(publication),
            "publications/1  [active, reconciling, waiting to be sent since 12:34:56.000]  remote  "
            "presence  sip:desk@example.com  open");

  publication.clear_waiting_since();
  publication.set_reason("response");
  publication.set_sip_status(503);
  publication.mutable_retry_time()->set_seconds(45'326);
  publication.mutable_retry_time()->set_nanos(500'000'000);
  EXPECT_EQ(Text(publication),
            "publications/1  [active (response 503), reconciling, again at 12:35:26.500]  remote  "
            "presence  sip:desk@example.com  open");

  publication.set_state(v1::Publication::RETRYING);
  EXPECT_EQ(Text(publication),
            "publications/1  [retrying (response 503), again at 12:35:26.500]  remote  presence  "
            "sip:desk@example.com  open");
}

TEST(ResourceTextTest, ItemIsShownAsWhatItHolds) {
  v1::PublicationItem item;
  *item.mutable_publication() = RefusedPublication();
  v1::PublicationItem bookmark;
  bookmark.mutable_bookmark()->set_kind(v1::Bookmark::HEARTBEAT);

  EXPECT_EQ(Text(item), Text(RefusedPublication()));
  EXPECT_EQ(Text(bookmark), "");
}

TEST(ResourceTextTest, WatcherSaysWhoHeIsAndWhetherHeMay) {
  v1::ServedWatcher watcher;
  watcher.set_name("watchers/w1");
  watcher.set_target_uri("sip:desk@example.com");
  watcher.set_event_package("presence");
  watcher.set_watcher_uri("sip:bob@example.com");
  watcher.set_user_agent("phone\n1");
  watcher.set_status(v1::Watcher::ACTIVE);
  watcher.set_polite_block(true);

  EXPECT_EQ(Text(watcher),
            "watchers/w1  [active (polite block)]  presence  sip:desk@example.com  watched by "
            "sip:bob@example.com  phone 1");
}

TEST(ResourceTextTest, WatcherThatIsNotToldTheStateSaysWhy) {
  v1::ServedWatcher watcher;
  watcher.set_name("watchers/w1");
  watcher.set_event_package("presence");
  watcher.set_status(v1::Watcher::ACTIVE);
  watcher.set_watcher_uri("sip:bob@example.com");
  const std::string well = "watchers/w1  [active]  presence  watched by sip:bob@example.com";
  watcher.set_last_notify_status(200);
  EXPECT_EQ(Text(watcher), well);
  watcher.set_last_notify_status(408);
  EXPECT_EQ(Text(watcher), well + "  [last NOTIFY: 408 (no answer)]");
  watcher.set_last_notify_status(415);
  watcher.set_body_omission(v1::ServedWatcher::BODY_REFUSED);
  EXPECT_EQ(Text(watcher), well + "  [last NOTIFY: 415, without the state: it refused a body]");
  watcher.set_last_notify_status(200);
  watcher.set_body_omission(v1::ServedWatcher::BODY_TOO_LARGE);
  EXPECT_EQ(Text(watcher), well + "  [without the state: too large]");
  watcher.set_body_omission(v1::ServedWatcher::CONTACT_UNPROVEN);
  EXPECT_EQ(Text(watcher), well + "  [without the state: nobody has answered at the contact]");
}

TEST(ResourceTextTest, RuleAndListAreALineEach) {
  v1::WatcherRule rule;
  rule.set_name("watcherRules/1");
  rule.set_target_uri("sip:desk@example.com");
  rule.set_event_package("presence");
  rule.set_watcher_uri("sip:bob@example.com");
  rule.set_decision(v1::WatcherRule::POLITE_BLOCK);
  v1::ResourceList list;
  list.set_name("resourceLists/1");
  list.set_list_uri("sip:lamps@example.com");
  for (const char* uri : {"sip:201@example.com", "sip:202@example.com"}) {
    list.add_members()->set_uri(uri);
  }

  EXPECT_EQ(Text(rule),
            "watcherRules/1  [polite_block]  sip:bob@example.com  presence  sip:desk@example.com");
  EXPECT_EQ(Text(list),
            "resourceLists/1  sip:lamps@example.com  2 members: sip:201@example.com, "
            "sip:202@example.com");
}

}  // namespace
}  // namespace sipevents::client
