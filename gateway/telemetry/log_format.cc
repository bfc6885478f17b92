#include "gateway/telemetry/log_format.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

// Printable ASCII stays, all else becomes \xNN.
std::string Printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, kMaxLogValueOctets)) {
    const auto octet = static_cast<unsigned char>(c);
    if (absl::ascii_isprint(octet)) {
      result += c;
    } else {
      absl::StrAppend(&result, "\\x", absl::Hex(octet, absl::kZeroPad2));
    }
  }
  if (text.size() > kMaxLogValueOctets) result += "...";
  return result;
}

std::string Quoted(std::string_view printable) {
  std::string result = "\"";
  for (const char c : printable) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// Bare where it can be told from what surrounds it.
std::string TextValue(std::string_view value) {
  std::string printable = Printable(value);
  const bool bare = !printable.empty() && printable.find_first_of(" \"=") == std::string::npos;
  return bare ? printable : Quoted(printable);
}

std::string Time(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

std::string TextLine(const LogRecord& record) {
  constexpr std::array<const char*, 4> kNames = {"DEBUG", "INFO", "WARNING", "ERROR"};
  std::string line =
      absl::StrCat(Time(record.time), " ", kNames[static_cast<size_t>(record.severity)], " ",
                   AbslView(record.component), ": ", Printable(record.message));
  for (const LogField& field : record.fields) {
    absl::StrAppend(&line, " ", AbslView(field.name), "=", TextValue(field.value));
  }
  if (record.suppressed > 0) absl::StrAppend(&line, " suppressed=", record.suppressed);
  return line + "\n";
}

std::string JsonLine(const LogRecord& record) {
  constexpr std::array<const char*, 4> kNames = {"debug", "info", "warning", "error"};
  std::string line = absl::StrCat(R"({"time":")", Time(record.time), R"(","severity":")",
                                  kNames[static_cast<size_t>(record.severity)], R"(","component":)",
                                  Quoted(Printable(record.component)), R"(,"message":)",
                                  Quoted(Printable(record.message)));
  for (const LogField& field : record.fields) {
    absl::StrAppend(&line, ",", Quoted(Printable(field.name)), ":", Quoted(Printable(field.value)));
  }
  if (record.suppressed > 0) absl::StrAppend(&line, R"(,"suppressed":)", record.suppressed);
  return line + "}\n";
}

}  // namespace

std::string FormatLogLine(const LogRecord& record, LogFormat format) {
  return format == LogFormat::kJson ? JsonLine(record) : TextLine(record);
}

}  // namespace sipevents::gateway
