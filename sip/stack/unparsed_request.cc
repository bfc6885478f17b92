#include "sip/stack/unparsed_request.h"

#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

// What an answer repeats, with the compact form of its name.
struct Repeated {
  std::string_view name;
  std::string_view compact;
};
constexpr std::array<Repeated, 5> kRepeated = {
    {{"Via", "v"}, {"From", "f"}, {"To", "t"}, {"Call-ID", "i"}, {"CSeq", ""}}};
constexpr size_t kVia = 0;
constexpr size_t kTo = 2;

// Takes the next line off `text`, without its end.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Which of kRepeated a line is; their number if none.
size_t IndexOf(std::string_view line) {
  const std::string_view name = TrimBlanks(line.substr(0, line.find(':')));
  size_t index = 0;
  while (index < kRepeated.size() && !EqualsIgnoreCase(name, kRepeated[index].name) &&
         (kRepeated[index].compact.empty() || !EqualsIgnoreCase(name, kRepeated[index].compact))) {
    ++index;
  }
  return index;
}

// Whether the method has a legal character that the parser does not know, so that there may be
// nothing wrong but that (RFC 4475 section 3.1.1.2).
bool HasOddMethod(std::string_view start) {
  return start.substr(0, start.find(' ')).find_first_of("`+") != std::string_view::npos;
}

const char* PhraseOf(int status) {
  switch (status) {
    case 413:
      return "Request Entity Too Large";
    case 501:
      return "Not Implemented";
    case 513:
      return "Message Too Large";
    default:
      return "Bad Request";
  }
}

}  // namespace

std::string AnswerToUnparsed(std::string_view message, int status, std::string_view to_tag) {
  const std::string_view start = TakeLine(message);
  if (start.starts_with("SIP/") || start.find("SIP/2.0") == std::string_view::npos) return "";
  if (status == 400 && HasOddMethod(start)) status = 501;
  std::string answer = absl::StrCat("SIP/2.0 ", status, " ", PhraseOf(status), "\r\n");
  std::array<int, kRepeated.size()> found = {};
  bool repeats = false;  // whether the line before was repeated, and its continuation is, too
  for (std::string_view line = TakeLine(message); !line.empty(); line = TakeLine(message)) {
    const bool continues = line.front() == ' ' || line.front() == '\t';
    const size_t index = continues ? kRepeated.size() : IndexOf(line);
    if (!continues) repeats = index < kRepeated.size() && (index == kVia || found[index] == 0);
    if (!repeats) continue;
    // What could be no line of ours either.
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) return "";
    absl::StrAppend(&answer, AbslView(line));
    if (index < kRepeated.size()) ++found[index];
    if (index == kTo && ToLower(line).find("tag") == std::string::npos) {
      absl::StrAppend(&answer, ";tag=", AbslView(to_tag));
    }
    absl::StrAppend(&answer, "\r\n");
  }
  for (const int count : found) {
    if (count == 0) return "";
  }
  return absl::StrCat(answer, "Content-Length: 0\r\n\r\n");
}

}  // namespace sipevents::sip
