#include "tests/scenarios/bodies.h"

#include "absl/strings/str_cat.h"

namespace sipevents::testing {

std::string Pidf(const std::string& basic, const std::string& note) {
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:alice@example.com\">\r\n"
      "  <tuple id=\"t1\"><status><basic>",
      basic, "</basic></status>", note.empty() ? "" : absl::StrCat("<note>", note, "</note>"),
      "</tuple>\r\n</presence>\r\n");
}

std::string DialogInfo(int version, const std::string& call, const std::string& state) {
  return absl::StrCat(
      "<?xml version=\"1.0\"?>\r\n"
      "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"",
      version, "\" state=\"full\" entity=\"sip:alice@example.com\">\r\n  <dialog id=\"", call,
      "\" direction=\"recipient\"><state>", state, "</state></dialog>\r\n</dialog-info>\r\n");
}

std::string MessageSummary(int new_messages, int old_messages) {
  return absl::StrCat("Messages-Waiting: ", new_messages > 0 ? "yes" : "no",
                      "\r\nMessage-Account: sip:alice@example.com\r\nVoice-Message: ", new_messages,
                      "/", old_messages, " (0/0)\r\n");
}

const char kXmlBomb[] =
    "<?xml version=\"1.0\"?>\r\n"
    "<!DOCTYPE bomb [\r\n"
    "<!ENTITY a \"ha ha ha ha ha ha ha ha ha ha\">\r\n"
    "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\r\n"
    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">\r\n"
    "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">\r\n"
    "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">\r\n"
    "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">\r\n"
    "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">\r\n"
    "<!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;\">\r\n"
    "]>\r\n"
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:alice@example.com\">"
    "<note>&h;</note></presence>\r\n";

}  // namespace sipevents::testing
