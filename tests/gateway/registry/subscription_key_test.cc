#include "gateway/registry/subscription_key.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

SubscriptionKey Alice() {
  SubscriptionKey key;
  key.tenant = "acme";
  key.target_uri = "sip:alice@example.com";
  key.event_package = "presence";
  return key;
}

TEST(SubscriptionKeyTest, SameKeyHasTheSameNameInAProcessWithTheSameSecret) {
  const SubscriptionNamer one("secret");
  const SubscriptionNamer other("secret");

  EXPECT_EQ(one.NameOf(Alice()), other.NameOf(Alice()));
  EXPECT_EQ(one.epoch(), other.epoch());
}

TEST(SubscriptionKeyTest, AnotherSecretGivesAnotherName) {
  EXPECT_NE(SubscriptionNamer("secret").NameOf(Alice()),
            SubscriptionNamer("Secret").NameOf(Alice()));
  EXPECT_NE(SubscriptionNamer("secret").epoch(), SubscriptionNamer("Secret").epoch());
  EXPECT_NE(SubscriptionNamer::WithRandomSecret().NameOf(Alice()),
            SubscriptionNamer::WithRandomSecret().NameOf(Alice()));
}

TEST(SubscriptionKeyTest, EveryFieldTellsKeysApart) {
  const SubscriptionNamer namer("secret");
  std::set<std::string> names{namer.NameOf(Alice())};
  const auto add = [&](auto change) {
    SubscriptionKey key = Alice();
    change(key);
    EXPECT_TRUE(names.insert(namer.NameOf(key)).second);
  };

  add([](SubscriptionKey& key) { key.tenant = "umbrella"; });
  add([](SubscriptionKey& key) { key.target_uri = "sip:bob@example.com"; });
  add([](SubscriptionKey& key) { key.event_package = "dialog"; });
  add([](SubscriptionKey& key) { key.event_parameters = {{"id", "1"}}; });
  add([](SubscriptionKey& key) { key.event_parameters = {{"id", "2"}}; });
  add([](SubscriptionKey& key) { key.event_parameters = {{"id", "1"}, {"x", ""}}; });
  add([](SubscriptionKey& key) { key.identity = "sip:me@example.com"; });
  add([](SubscriptionKey& key) { key.accept = {"text/plain"}; });
  add([](SubscriptionKey& key) { key.body_content_type = "text/plain"; });
  add([](SubscriptionKey& key) { key.body = "text/plain"; });
  add([](SubscriptionKey& key) { key.members = {"sip:201@example.com"}; });
  add([](SubscriptionKey& key) { key.members = {"sip:201@example.com", "sip:202@example.com"}; });
}

TEST(SubscriptionKeyTest, TextThatMovesFromOneFieldToTheNextIsSeen) {
  const SubscriptionNamer namer("secret");
  SubscriptionKey one = Alice();
  one.event_parameters = {{"ab", "c"}};
  SubscriptionKey other = Alice();
  other.event_parameters = {{"a", "bc"}};

  EXPECT_NE(namer.NameOf(one), namer.NameOf(other));
}

TEST(SubscriptionKeyTest, NameHasTheFormThatIsChecked) {
  const std::string name = SubscriptionNamer("secret").NameOf(Alice());

  EXPECT_EQ(name.size(), 14u + 33u);
  EXPECT_EQ(name.substr(0, 15), "subscriptions/a");
  EXPECT_TRUE(IsSubscriptionName(name));
}

TEST(SubscriptionKeyTest, OtherTextIsNoName) {
  const std::string name = SubscriptionNamer("secret").NameOf(Alice());

  for (const std::string& text :
       {std::string(), std::string("subscriptions/"), name.substr(14), name + "a",
        name.substr(0, name.size() - 1), "Subscriptions" + name.substr(13),
        "subscriptions/b" + name.substr(15), name.substr(0, name.size() - 1) + "A",
        name.substr(0, name.size() - 1) + "1", name.substr(0, name.size() - 1) + "/"}) {
    EXPECT_FALSE(IsSubscriptionName(text)) << text;
  }
}

}  // namespace
}  // namespace sipevents::gateway
