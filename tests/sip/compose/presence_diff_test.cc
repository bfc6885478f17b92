#include "sip/compose/presence_diff.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/decode_scratch.h"
#include "sip/compose/composition.h"
#include "sip/packages/package_table.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kPidf = "application/pidf+xml";
constexpr std::string_view kRoot =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
    "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
    "xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:mira@example.com\">";

std::string Pidf(std::string_view inside) {
  return std::string(kRoot) + std::string(inside) + "</presence>";
}

std::string Tuple(std::string_view id, std::string_view basic = "open") {
  return "<tuple id=\"" + std::string(id) + "\"><status><basic>" + std::string(basic) +
         "</basic></status><contact>sip:" + std::string(id) + "@example.com</contact></tuple>";
}

// A watcher by the book that takes changes.
class Watcher {
 public:
  // What it shows after the next document; what is wrong with that if it cannot use it.
  std::string Take(const ComposedBody& body) {
    const std::string text = Numbered(body, version_++);
    const MergeResult result = merger_->Merge({.dialog = 1,
                                               .content_type = body.content_type,
                                               .body = text,
                                               .cseq = static_cast<uint32_t>(version_),
                                               .lenient = false},
                                              scratch_);
    if (result.kind != MergeResult::Kind::kDocument) return "error: " + result.error;
    return Shown(*result.document);
  }

 private:
  std::unique_ptr<StateMerger> merger_ = FindPackage("presence").new_merger();
  DecodeScratch scratch_;
  int version_ = 0;
};

// What leads from one document to another; shows them as a watcher does, who must agree.
ComposedBody Change(const std::string& before, const std::string& after) {
  Watcher watcher;
  EXPECT_EQ(watcher.Take(PresenceAsFull(before)), ShownText("presence", kPidf, before));
  ComposedBody changes = PresenceAsChanges(before, after);
  EXPECT_EQ(changes.content_type, "application/pidf-diff+xml");
  EXPECT_EQ(watcher.Take(changes), ShownText("presence", kPidf, after)) << changes.body;
  return changes;
}

TEST(PresenceDiffTest, FullDocumentIsTheStateUnderAnotherName) {
  const std::string pidf = "<?xml version='1.0'?>" + Pidf(Tuple("a"));
  EXPECT_EQ(Numbered(PresenceAsFull(pidf), 4),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
            "<p:pidf-full xmlns:p=\"urn:ietf:params:xml:ns:pidf-diff\" version=\"4\" "
            "xmlns=\"urn:ietf:params:xml:ns:pidf\" "
            "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
            "xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:mira@example.com\">" +
                Tuple("a") + "</p:pidf-full>\r\n");
}

TEST(PresenceDiffTest, WhatIsNoDocumentGivesNothing) {
  EXPECT_EQ(PresenceAsFull("none").body, "");
  EXPECT_EQ(PresenceAsChanges(Pidf(""), "<a>").body, "");
  EXPECT_EQ(PresenceAsChanges("<a>", Pidf("")), PresenceAsFull(Pidf("")));
}

TEST(PresenceDiffTest, EachChangeIsToldAsWhatItIs) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z") + "<note>n</note>";
  struct Row {
    std::string before;
    std::string after;
    std::string_view told;  // the operations
  };
  const std::vector<Row> rows = {
      {rest + Tuple("a"), rest + Tuple("a", "closed"),
       "<p:replace sel=\"presence/tuple[@id='a']/*[1]/*[1]/text()\">closed</p:replace>"},
      {rest + "<tuple id=\"a\"><status/></tuple>", rest + "<tuple id=\"a\"/>",
       "<p:replace sel=\"presence/tuple[@id='a']\"><tuple id=\"a\"/></p:replace>"},
      {rest + "<tuple id=\"a\"><status/><note a='1'>n</note></tuple>",
       rest + "<tuple id=\"a\"><status/><note a='2'>n</note></tuple>",
       "<p:replace sel=\"presence/tuple[@id='a']/*[2]\"><note a='2'>n</note></p:replace>"},
      {Tuple("a") + rest, rest, "<p:remove sel=\"presence/tuple[@id='a']\"/>"},
      {rest, rest + "<dm:device id=\"d\"/>",
       "<p:add sel=\"presence\"><dm:device id=\"d\"/></p:add>"},
      {rest, "<note>first</note>" + rest,
       "<p:add sel=\"presence\" pos=\"prepend\"><note>first</note></p:add>"},
      {Tuple("a") + rest, Tuple("a") + "<note>1</note><note>2</note>" + rest,
       "<p:add sel=\"presence/tuple[@id='a']\" pos=\"after\"><note>1</note><note>2</note></p:add>"},
      {"<note>1</note><note>2</note>" + rest, "<note>2</note>" + rest,
       "<p:remove sel=\"presence/*[1]\"/>"},
      {"<note>1</note><note>2</note>" + rest, "<note>1</note><note>3</note>" + rest,
       "<p:remove sel=\"presence/*[2]\"/>"
       "<p:add sel=\"presence/*[1]\" pos=\"after\"><note>3</note></p:add>"},
      {rest + "<dm:person id=\"p\"><dm:note>a&amp;b</dm:note></dm:person>",
       rest + "<dm:person id=\"p\"><dm:note>c&lt;d</dm:note></dm:person>",
       "<p:replace sel=\"presence/dm:person[@id='p']/*[1]/text()\">c&lt;d</p:replace>"},
      {rest + "<tuple id=\"a\"><status/><note>1</note><note>2</note></tuple>",
       rest + "<tuple id=\"a\"><status/><note>3</note><note>4</note></tuple>",
       "<p:replace sel=\"presence/tuple[@id='a']\"><tuple id=\"a\"><status/><note>3</note>"
       "<note>4</note></tuple></p:replace>"},
      {rest, rest, ""},
  };
  for (const Row& row : rows) {
    const ComposedBody changes = Change(Pidf(row.before), Pidf(row.after));
    EXPECT_THAT(changes.body, HasSubstr("\">" + std::string(row.told) + "</p:pidf-diff>"));
  }
}

TEST(PresenceDiffTest, ChangesThatAreLargerThanTheWholeAreNotTold) {
  const ComposedBody changes = Change(Pidf(Tuple("a") + Tuple("b")), Pidf(Tuple("c")));
  EXPECT_EQ(changes, PresenceAsFull(Pidf(Tuple("c"))));
}

TEST(PresenceDiffTest, PrefixesAreThoseOfTheNewDocument) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z");
  const std::string inside = "<tuple id=\"a\"><status/><v:own/></tuple>";
  const std::string before = Pidf(rest);
  std::string after = before;
  after.insert(after.find(" entity"), " xmlns:v=\"urn:v\" xmlns:p=\"urn:p\"");
  after.insert(after.find("</presence>"), inside);
  const ComposedBody changes = Change(before, after);
  EXPECT_THAT(changes.body, AllOf(HasSubstr("<p0:add sel=\"presence\">" + inside + "</p0:add>"),
                                  HasSubstr("xmlns:v=\"urn:v\"")));
}

TEST(PresenceDiffTest, PrefixThatMeansSomethingElseNowTakesTheWhole) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z") + "<v:own/>";
  std::string before = Pidf(rest);
  std::string after = before;
  before.insert(before.find(" entity"), " xmlns:v=\"urn:one\"");
  after.insert(after.find(" entity"), " xmlns:v=\"urn:two\"");
  EXPECT_EQ(Change(before, after), PresenceAsFull(after));
}

TEST(PresenceDiffTest, IdThatNoPathCanSayIsFoundByItsPlace) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z");
  const ComposedBody changes = Change(Pidf(rest + "<tuple id=\"it's\"/>"),
                                      Pidf(rest + "<tuple id=\"it's\"><note/></tuple>"));
  EXPECT_THAT(changes.body, HasSubstr("<p:remove sel=\"presence/*[4]\"/>"));
}

TEST(PresenceDiffTest, IdThatIsThereTwiceTellsNothingApart) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z");
  Change(Pidf(Tuple("a") + Tuple("a", "closed") + rest), Pidf(Tuple("a") + rest));
  Change(Pidf(Tuple("a") + rest), Pidf(Tuple("a", "closed") + Tuple("a") + rest));
  Change(Pidf("<tuple id=\"a\"/>" + Tuple("a") + rest),
         Pidf("<tuple id=\"a\"><status/></tuple>" + Tuple("a") + rest));
  Change(Pidf(Tuple("a") + Tuple("a") + Tuple("a") + rest), Pidf(rest + Tuple("a")));
}

TEST(PresenceDiffTest, ElementThatGivesItsPrefixAnotherMeaningIsFoundByItsPlace) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z");
  const auto odd = [](std::string_view note) {
    return "<tuple xmlns=\"urn:own\" id=\"q\"><n>" + std::string(note) + "</n></tuple>";
  };
  Change(Pidf(rest + odd("1")), Pidf(rest + odd("2")));
  Change(
      Pidf(rest + "<dm:person id=\"p\"><v:n xmlns:v=\"urn:v\"><v:in>1</v:in></v:n></dm:person>"),
      Pidf(rest +
           "<dm:person id=\"p\"><v:n xmlns:v=\"urn:v\"><v:in a=\"\">1</v:in></v:n></dm:person>"));
}

TEST(PresenceDiffTest, NothingIsSaidOfWhatIsInsideBlanksAndComments) {
  const std::string rest = Tuple("x") + Tuple("y") + Tuple("z");
  Change(Pidf(" <!-- 1 --> " + Tuple("a") + "\n" + rest),
         Pidf("\t" + Tuple("a", "closed") + " <!-- 2 --> " + Tuple("b") + rest + " "));
}

// Documents made of all that a document may have, each near the one before.
class RandomPresence {
 public:
  explicit RandomPresence(uint32_t seed) : random_(seed) {}

  std::string Next() {
    const int changes = 1 + Pick(3);
    for (int i = 0; i < changes; ++i) ChangeSomething();
    std::string inside;
    for (const std::string& part : parts_) inside += part + (Pick(4) == 0 ? "\r\n " : "");
    return Pidf(inside);
  }

 private:
  int Pick(int most) { return static_cast<int>(random_() % static_cast<uint32_t>(most)); }

  std::string Something() {
    const std::string id = std::to_string(Pick(6));
    switch (Pick(6)) {
      case 0:
        return "<note>" + id + "</note>";
      case 1:
        return "<dm:person id=\"p" + id + "\"><r:activities><r:away/></r:activities><dm:note>" +
               std::to_string(Pick(3)) + "</dm:note></dm:person>";
      case 2:
        return "<dm:device id=\"d" + id + "\"><dm:deviceID>urn:x:" + std::to_string(Pick(3)) +
               "</dm:deviceID></dm:device>";
      case 3:
        return "<v:own xmlns:v='urn:v' a='" + id + "'><v:in>" + id + "</v:in></v:own>";
      default:
        return Tuple("t" + id, Pick(2) == 0 ? "open" : "closed");
    }
  }

  void ChangeSomething() {
    const int place = Pick(static_cast<int>(parts_.size()) + 1);
    const auto at = parts_.begin() + place;
    if (at == parts_.end() || Pick(3) == 0) {
      const std::string part = Something();
      // An id once.
      const std::string head = part.substr(0, part.find("\">"));
      for (std::string& other : parts_) {
        if (head.size() < part.size() && other.starts_with(head)) {
          other = part;
          return;
        }
      }
      parts_.insert(at, part);
    } else if (Pick(2) == 0) {
      parts_.erase(at);
    } else {
      const std::string part = *at;
      parts_.erase(at);
      parts_.insert(parts_.begin() + Pick(static_cast<int>(parts_.size()) + 1), part);
    }
  }

  std::mt19937 random_;
  std::vector<std::string> parts_;
};

TEST(PresenceDiffTest, WatcherWhoFollowsChangesSeesWhatAllSee) {
  int diffs = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    RandomPresence documents(seed);
    Watcher watcher;
    std::string before = documents.Next();
    watcher.Take(PresenceAsFull(before));
    for (int step = 0; step < 40; ++step) {
      const std::string after = documents.Next();
      const ComposedBody changes = PresenceAsChanges(before, after);
      if (changes.body.find("pidf-diff>") != std::string::npos) ++diffs;
      ASSERT_EQ(watcher.Take(changes), ShownText("presence", kPidf, after))
          << "seed " << seed << "\n"
          << before << "\n"
          << after << "\n"
          << changes.body;
      before = after;
    }
  }
  // Most steps are small ones.
  EXPECT_GT(diffs, 400);
}

TEST(PresenceDiffTest, ComposedDocumentsOfManySourcesAreFollowedToo) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    RandomPresence first(seed);
    RandomPresence second(seed + 100);
    std::string a = first.Next();
    std::string b = second.Next();
    const auto composed = [&] {
      return Compose("presence", "sip:mira@example.com", {Published("s1", a), Published("s2", b)})
          .body;
    };
    Watcher watcher;
    std::string before = composed();
    watcher.Take(PresenceAsFull(before));
    for (int step = 0; step < 20; ++step) {
      (step % 2 == 0 ? a : b) = step % 2 == 0 ? first.Next() : second.Next();
      const std::string after = composed();
      ASSERT_EQ(watcher.Take(PresenceAsChanges(before, after)), ShownText("presence", kPidf, after))
          << before << "\n"
          << after;
      before = after;
    }
  }
}

}  // namespace
}  // namespace sipevents::sip
