#include "sip/body/multipart.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

// Takes a line with its end off the front of `text`.
std::string_view TakeLine(std::string_view& text) {
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
  text.remove_prefix(line.size());
  return line;
}

std::string_view WithoutLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Where the next ";" outside of quotes is, or the end.
size_t EndOfParameter(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == ';' && !quoted) return i;
    if (text[i] == '\\' && quoted) ++i;
  }
  return text.size();
}

// Takes one multipart body apart, line by line.
class Splitter {
 public:
  Splitter(std::string_view body, std::string delimiter)
      : rest_(body), delimiter_(std::move(delimiter)) {}

  absl::StatusOr<std::vector<MultipartPart>> Split(bool lenient);

 private:
  enum class Line { kOther, kDelimiter, kClosing };

  Line KindOf(std::string_view line) const;
  // The text up to the next delimiter, whose line is taken off as well.
  std::string_view TakePart(Line& end);
  static absl::StatusOr<MultipartPart> ReadPart(std::string_view text);

  std::string_view rest_;
  const std::string delimiter_;  // "--boundary"
};

Splitter::Line Splitter::KindOf(std::string_view line) const {
  if (!line.starts_with(delimiter_)) return Line::kOther;
  line.remove_prefix(delimiter_.size());
  const bool closing = line.starts_with("--");
  if (closing) line.remove_prefix(2);
  // A longer boundary, of a part that is a multipart itself, may begin with this one.
  if (!TrimBlanks(line).empty()) return Line::kOther;
  return closing ? Line::kClosing : Line::kDelimiter;
}

std::string_view Splitter::TakePart(Line& end) {
  const std::string_view text = rest_;
  end = Line::kOther;
  size_t length = 0;
  while (!rest_.empty()) {
    length = text.size() - rest_.size();
    end = KindOf(TakeLine(rest_));
    if (end != Line::kOther) break;
    length = text.size();
  }
  // The line end before a delimiter belongs to it.
  return end == Line::kOther ? text : WithoutLineEnd(text.substr(0, length));
}

absl::StatusOr<MultipartPart> Splitter::ReadPart(std::string_view text) {
  MultipartPart part;
  size_t lines = 0;
  // Headers may end with the part: then there is no body.
  while (!text.empty()) {
    if (++lines > kMaxPartHeaders) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a part with more than ", kMaxPartHeaders, " header lines"));
    }
    const std::string_view start = text;
    TakeLine(text);
    if (WithoutLineEnd(start.substr(0, start.size() - text.size())).empty()) break;
    while (text.starts_with(' ') || text.starts_with('\t')) TakeLine(text);  // folded
    const std::string_view line = start.substr(0, start.size() - text.size());
    const size_t colon = line.find(':');
    const std::string_view name = TrimBlanks(line.substr(0, colon));
    if (colon == std::string_view::npos || !IsToken(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a part begins with ", QuoteForMessage(TrimBlanks(line)), ", which is no header"));
    }
    const std::string_view value = TrimBlanks(line.substr(colon + 1));
    if (EqualsIgnoreCase(name, "Content-Type")) part.content_type = value;
    if (EqualsIgnoreCase(name, "Content-ID")) part.content_id = value;
  }
  if (part.content_id.starts_with('<') && part.content_id.ends_with('>')) {
    part.content_id = TrimBlanks(part.content_id.substr(1, part.content_id.size() - 2));
  }
  part.body = text;
  return part;
}

absl::StatusOr<std::vector<MultipartPart>> Splitter::Split(bool lenient) {
  std::vector<MultipartPart> parts;
  Line end = Line::kOther;
  TakePart(end);  // what comes before the first part
  while (end == Line::kDelimiter) {
    const std::string_view text = TakePart(end);
    // An end right after a delimiter is sloppy, not a part.
    if (end == Line::kOther && TrimBlanks(text).empty()) break;
    if (parts.size() >= kMaxParts) {
      return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxParts, " parts"));
    }
    SIPEVENTS_ASSIGN_OR_RETURN(MultipartPart part, ReadPart(text));
    parts.push_back(part);
  }
  if (parts.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no part after a line ", QuoteForMessage(delimiter_)));
  }
  if (end != Line::kClosing && !lenient) {
    return absl::InvalidArgumentError(
        absl::StrCat("no closing line ", QuoteForMessage(delimiter_ + "--")));
  }
  return parts;
}

}  // namespace

absl::StatusOr<std::vector<MultipartPart>> SplitMultipart(std::string_view content_type,
                                                          std::string_view body, bool lenient) {
  constexpr std::string_view kMultipart = "multipart/";
  if (!EqualsIgnoreCase(TrimBlanks(content_type).substr(0, kMultipart.size()), kMultipart)) {
    return absl::InvalidArgumentError(
        absl::StrCat("content type ", QuoteForMessage(content_type), " is no multipart type"));
  }
  const std::optional<std::string> boundary = MediaTypeParameter(content_type, "boundary");
  if (!boundary.has_value() || boundary->empty()) {
    return absl::InvalidArgumentError("a multipart body whose Content-Type has no boundary");
  }
  if (boundary->size() > kMaxBoundaryOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("a boundary of more than ", kMaxBoundaryOctets, " octets"));
  }
  return Splitter(body, absl::StrCat("--", *boundary)).Split(lenient);
}

std::optional<std::string> MediaTypeParameter(std::string_view content_type,
                                              std::string_view name) {
  size_t end = EndOfParameter(content_type);
  while (end < content_type.size()) {
    content_type.remove_prefix(end + 1);
    end = EndOfParameter(content_type);
    const std::string_view parameter = content_type.substr(0, end);
    const size_t equals = parameter.find('=');
    if (!EqualsIgnoreCase(TrimBlanks(parameter.substr(0, equals)), name)) continue;
    if (equals == std::string_view::npos) return "";
    const std::string_view value = TrimBlanks(parameter.substr(equals + 1));
    return value.starts_with('"') ? UnquoteString(value) : std::string(value);
  }
  return std::nullopt;
}

}  // namespace sipevents::sip
