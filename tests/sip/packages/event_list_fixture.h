#ifndef TESTS_SIP_PACKAGES_EVENT_LIST_FIXTURE_H_
#define TESTS_SIP_PACKAGES_EVENT_LIST_FIXTURE_H_

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/event_list.h"
#include "sip/packages/package_table.h"

// Bodies about lists of dialogs, and what an EventList makes of them, in few words.

namespace sipevents::sip {

inline constexpr char kDialogInfo[] = "application/dialog-info+xml";

inline std::string Related(std::string_view more = {}) {
  return absl::StrCat(R"(multipart/related;type="application/rlmi+xml";boundary=B)",
                      AbslView(more));
}

// A document about one member's calls; each call is one word.
inline std::string Calls(int version, std::string_view calls, std::string_view state = "full") {
  std::string document = absl::StrCat(
      R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" entity="sip:x@y" version=")",
      version, "\" state=\"", AbslView(state), "\">");
  if (!calls.empty()) {
    absl::StrAppend(&document, "<dialog id=\"", AbslView(calls),
                    "\"><state>confirmed</state></dialog>");
  }
  return document + "</dialog-info>";
}

// RLMI with these resource elements.
inline std::string Rlmi(int version, bool full, std::string_view resources,
                        std::string_view uri = "sip:floor2@example.com") {
  return absl::StrCat(R"(<list xmlns="urn:ietf:params:xml:ns:rlmi" uri=")", AbslView(uri),
                      "\" version=\"", version, "\" fullState=\"", full ? "true" : "false", "\">",
                      AbslView(resources), "</list>");
}

// A resource with one instance.
inline std::string Active(std::string_view user, std::string_view cid, std::string_view id = "i") {
  return absl::StrCat("<resource uri=\"sip:", AbslView(user), "@example.com\"><name>",
                      AbslView(user), "</name><instance id=\"", AbslView(id),
                      "\" state=\"active\" cid=\"", AbslView(cid), "\"/></resource>");
}
inline std::string Instance(std::string_view user, std::string_view attributes) {
  return absl::StrCat("<resource uri=\"sip:", AbslView(user), "@example.com\"><instance id=\"i\" ",
                      AbslView(attributes), "/></resource>");
}

struct ListPart {
  std::string id;
  std::string body;
  std::string type = kDialogInfo;
};

inline std::string Multipart(const std::vector<ListPart>& parts, std::string_view boundary = "B") {
  std::string body;
  for (const ListPart& part : parts) {
    absl::StrAppend(&body, "--", AbslView(boundary), "\r\nContent-ID: <", part.id,
                    ">\r\nContent-Type: ", part.type, "\r\n\r\n", part.body, "\r\n");
  }
  return absl::StrCat(body, "--", AbslView(boundary), "--\r\n");
}

inline ListPart Root(std::string rlmi) { return {"root", std::move(rlmi), "application/rlmi+xml"}; }

// Writes down what it hears, in few words: "201=c1", "201#1=c1" (a further instance), "201?" (no
// state), "201!why" (an error), "-201 reason".
class Recorder final : public MemberListener {
 public:
  void OnMember(const MemberNews& news) override {
    std::string line = Who(news.uri, news.instance);
    if (!news.error.empty()) {
      absl::StrAppend(&line, "!", AbslView(news.error));
    } else if (news.document == nullptr) {
      line += "?";
    } else {
      line += "=";
      for (const auto& call : std::get<DialogInfo>(*news.document).calls) line += call.id;
    }
    heard.push_back(std::move(line));
    name = news.name;
  }
  void OnMemberGone(std::string_view uri, uint32_t instance, std::string_view reason) override {
    heard.push_back(absl::StrCat("-", Who(uri, instance), " ", AbslView(reason)));
  }

  std::vector<std::string> heard;
  std::string name;

 private:
  static std::string Who(std::string_view uri, uint32_t instance) {
    uri.remove_prefix(4);
    std::string who(uri.substr(0, uri.find('@')));
    if (instance > 0) absl::StrAppend(&who, "#", instance);
    return who;
  }
};

class EventListTest : public ::testing::Test {
 protected:
  std::vector<std::string> Feed(std::string_view content_type, std::string_view body) {
    Recorder recorder;
    result_ = list_.Merge({.dialog = 1,
                           .content_type = content_type,
                           .body = body,
                           .cseq = ++cseq_,
                           .lenient = lenient_},
                          scratch_, recorder);
    name_ = recorder.name;
    return recorder.heard;
  }
  std::vector<std::string> Feed(const std::vector<ListPart>& parts) {
    return Feed(Related(), Multipart(parts));
  }
  // 201 talks, 202 does not.
  void FeedTwoMembers() {
    ASSERT_THAT(Feed({Root(Rlmi(0, true, Active("201", "a") + Active("202", "b"))),
                      {"a", Calls(0, "c1")},
                      {"b", Calls(0, "")}}),
                ::testing::ElementsAre("201=c1", "202="));
  }

  EventList list_{FindPackage("dialog")};
  DecodeScratch scratch_;
  ListResult result_;
  std::string name_;
  uint32_t cseq_ = 0;
  bool lenient_ = true;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PACKAGES_EVENT_LIST_FIXTURE_H_
