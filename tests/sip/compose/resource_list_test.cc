#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/multipart.h"
#include "sip/compose/composition.h"
#include "sip/compose/resource_list_reader.h"
#include "sip/compose/resource_list_writer.h"
#include "sip/packages/event_list.h"
#include "sip/packages/package_table.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using State = ListedResource::State;

constexpr std::string_view kFloor = "sip:floor2@example.com";

// What a subscriber by the book makes of the lists: a line for each thing that it is told.
class Reader final : public MemberListener {
 public:
  explicit Reader(std::string_view event_package) : list_(FindPackage(event_package)) {}

  std::vector<std::string> Read(const ComposedBody& body, int version) {
    told_.clear();
    bodies_.clear();
    const std::string text = Numbered(body, version);
    const ListResult result = list_.Merge({.dialog = 1,
                                           .content_type = body.content_type,
                                           .body = text,
                                           .cseq = ++cseq_,
                                           .lenient = false},
                                          scratch_, *this);
    if (!result.error.empty()) told_.push_back("error " + result.error);
    if (result.resync) told_.emplace_back("resync");
    return told_;
  }

  // Those of the members that were told of last.
  const std::vector<std::string>& bodies() const { return bodies_; }

  void OnMember(const MemberNews& news) override {
    told_.push_back(absl::StrCat(std::string(news.uri), " ", std::string(news.name), " ",
                                 std::string(news.content_type), std::string(news.error)));
    bodies_.emplace_back(news.body);
  }
  void OnMemberGone(std::string_view uri, uint32_t /*instance*/, std::string_view reason) override {
    told_.push_back(absl::StrCat("gone ", std::string(uri), " ", std::string(reason)));
  }

 private:
  EventList list_;
  DecodeScratch scratch_;
  std::vector<std::string> told_;
  std::vector<std::string> bodies_;
  uint32_t cseq_ = 0;
};

// RLS-04
TEST(ResourceListWriterTest, EachMemberIsReadWithItsStateAndName) {
  const ComposedBody state = NeutralBody("presence", "sip:201@example.com");
  ResourceListWriter writer(kFloor, /*full=*/true);
  writer.Add({.uri = "sip:201@example.com", .name = "Desk <1>", .instance = "i1", .body = &state});
  writer.Add({.uri = "sip:202@example.com", .instance = "i2", .state = State::kPending});
  writer.Add({.uri = "sip:203@example.com",
              .instance = "i3",
              .state = State::kTerminated,
              .reason = "rejected",
              .body = &state});
  writer.Add({.uri = "sip:204@example.com"});
  Reader reader("presence");

  EXPECT_THAT(
      reader.Read(writer.Take(), 0),
      ElementsAre("sip:201@example.com Desk <1> application/pidf+xml", "sip:202@example.com  ",
                  "gone sip:203@example.com rejected", "sip:204@example.com  "));
  EXPECT_EQ(reader.bodies().front(), state.body);
}

// RLS-05
TEST(ResourceListWriterTest, ChangesApplyToTheFullListBefore) {
  const ComposedBody idle = NeutralBody("dialog", "sip:201@example.com");
  const auto row = [&](std::string_view uri, uint32_t version) {
    return ListedResource{.uri = uri, .instance = "i", .body = &idle, .version = version};
  };
  ResourceListWriter full(kFloor, /*full=*/true);
  full.Add(row("sip:201@example.com", 0));
  full.Add(row("sip:202@example.com", 5));
  ResourceListWriter changes(kFloor, /*full=*/false);
  changes.Add(row("sip:202@example.com", 6));
  Reader reader("dialog");

  EXPECT_THAT(reader.Read(full.Take(), 0),
              ElementsAre("sip:201@example.com  application/dialog-info+xml",
                          "sip:202@example.com  application/dialog-info+xml"));
  EXPECT_THAT(reader.Read(changes.Take(), 1),
              ElementsAre("sip:202@example.com  application/dialog-info+xml"));
  // The member's own number.
  EXPECT_THAT(reader.bodies(), ElementsAre(Numbered(idle, 6)));
}

TEST(ResourceListWriterTest, DocumentIsWrittenAsTheStandardHasIt) {
  const ComposedBody state = {.content_type = "text/x", .body = "one"};
  ResourceListWriter writer("sip:all@example.com", /*full=*/false);
  writer.Add({.uri = "sip:a&b@example.com", .instance = "i", .body = &state});
  const ComposedBody list = writer.Take();
  EXPECT_EQ(list.content_type,
            "multipart/related;type=\"application/rlmi+xml\";start=\"<0@example.com>\";"
            "boundary=\"__list-part-00000000\"");
  EXPECT_EQ(Numbered(list, 3),
            "--__list-part-00000000\r\n"
            "Content-ID: <0@example.com>\r\n"
            "Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n"
            "Content-Transfer-Encoding: binary\r\n\r\n"
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
            "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:all@example.com\" "
            "version=\"3\" fullState=\"false\"><resource uri=\"sip:a&amp;b@example.com\">"
            "<instance id=\"i\" state=\"active\" cid=\"1@example.com\"/></resource></list>"
            "\r\n--__list-part-00000000\r\n"
            "Content-ID: <1@example.com>\r\n"
            "Content-Type: text/x\r\n"
            "Content-Transfer-Encoding: binary\r\n\r\n"
            "one\r\n--__list-part-00000000--\r\n");
}

TEST(ResourceListWriterTest, EmptyListIsADocument) {
  Reader reader("presence");
  EXPECT_THAT(reader.Read(ResourceListWriter("sip:@", true).Take(), 0), IsEmpty());
}

TEST(ResourceListWriterTest, PartThatHoldsABoundaryDoesNotEndThere) {
  const ComposedBody hostile = {
      .content_type = "text/x",
      .body = "\r\n--__list-part-00000000\r\n\r\nx\r\n--__list-part-00000001--\r\n__list-part-"};
  ResourceListWriter writer(kFloor, /*full=*/true);
  writer.Add({.uri = "sip:a@example.com", .instance = "i", .body = &hostile});
  const ComposedBody list = writer.Take();
  ASSERT_OK_AND_ASSIGN(const std::vector<MultipartPart> parts,
                       SplitMultipart(list.content_type, list.body, /*lenient=*/false));
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[1].body, hostile.body);
}

TEST(ResourceListWriterTest, StateOfWhatIsNotActiveIsNotTold) {
  const ComposedBody state = {.content_type = "text/x", .body = "secret"};
  ResourceListWriter writer(kFloor, /*full=*/true);
  writer.Add({.uri = "sip:a@b", .instance = "1", .state = State::kPending, .body = &state});
  writer.Add({.uri = "sip:c@d", .instance = "2", .state = State::kTerminated, .body = &state});
  EXPECT_THAT(writer.Take().body, Not(HasSubstr("secret")));
}

TEST(ResourceListWriterTest, SizeGrowsWithWhatIsAdded) {
  const ComposedBody state = {.content_type = "text/x", .body = std::string(1000, 'x')};
  ResourceListWriter writer(kFloor, /*full=*/true);
  const size_t before = writer.size();
  writer.Add({.uri = "sip:a@example.com", .instance = "i", .body = &state});
  const size_t after = writer.size();
  EXPECT_GE(after, before + 1000);
  EXPECT_GE(writer.Take().body.size(), after);
}

std::string Lists(std::string_view inside) {
  return "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'>" + std::string(inside) +
         "</resource-lists>";
}

TEST(ResourceListReaderTest, EntriesOfAllListsAreReadOnce) {
  EXPECT_THAT(
      ReadResourceLists(Lists("<list name='a'><display-name>no</display-name>"
                              "<entry uri=' sip:a@example.com '>"
                              "<display-name xml:lang='en'> A &amp; B </display-name></entry>"
                              "<list><entry uri='sip:b@example.com'/></list>"
                              "<entry-ref ref='x'/><external anchor='y'/>"
                              "<x:list xmlns:x='urn:x'><entry uri='sip:no@example.com'/></x:list>"
                              "<entry uri='sip:a@example.com'/></list>"
                              "<entry uri='pres:c@example.com'/>"
                              "<list><entry uri='tel:+123'/></list>"),
                        4),
      IsOkAndHolds(ElementsAre(ResourceListEntry{"sip:a@example.com", "A & B"},
                               ResourceListEntry{"sip:b@example.com", ""},
                               ResourceListEntry{"pres:c@example.com", ""},
                               ResourceListEntry{"tel:+123", ""})));
  EXPECT_THAT(ReadResourceLists(Lists("<list/>"), 1), IsOkAndHolds(IsEmpty()));
}

TEST(ResourceListReaderTest, WhatIsWrongIsNamed) {
  const std::string two = Lists("<list><entry uri='sip:a@b'/><entry uri='sip:c@d'/></list>");
  EXPECT_THAT(ReadResourceLists(two, 1),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more than 1 entries")));
  struct Row {
    std::string body;
    std::string_view wrong;
  };
  for (const Row& row : std::vector<Row>{
           {"", "empty"},
           {"<resource-lists/>", "the root element is \"resource-lists\""},
           {Lists("<list><entry/></list>"), "an <entry> with the uri \"\""},
           {Lists("<list><entry uri='http://a'/></list>"), "an <entry> with the uri \"http://a\""},
           {Lists("<list>"), "XML: "}}) {
    EXPECT_THAT(ReadResourceLists(row.body, 10),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string(row.wrong))));
  }
}

}  // namespace
}  // namespace sipevents::sip
