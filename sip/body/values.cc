#include "sip/body/values.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "absl/strings/ascii.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

// Takes exactly `count` digits off the front; false if there are not as many.
bool TakeDigits(std::string_view& text, size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool IsLeapYear(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<size_t>(month - 1)];
}

// Days from 1970-01-01 to the date, by counting in years that begin with March (so that the
// leap day is the last one). absl::FromCivil() does the same over a time zone, ten times slower.
int64_t DaysSinceEpoch(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = y / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// Reads "YYYY-MM-DD" into days since 1970.
bool TakeDate(std::string_view& text, int64_t& days) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!TakeDigits(text, 4, year) || !TakeChar(text, '-') || !TakeDigits(text, 2, month) ||
      !TakeChar(text, '-') || !TakeDigits(text, 2, day)) {
    return false;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
    return false;
  }
  days = DaysSinceEpoch(year, month, day);
  return true;
}

// Reads ".123" into nanoseconds; nothing there is 0.
bool TakeFraction(std::string_view& text, int64_t& nanoseconds) {
  nanoseconds = 0;
  if (!TakeChar(text, '.')) return true;
  int64_t unit = 100'000'000;
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    nanoseconds += (text[digits] - '0') * unit;
    unit /= 10;
    ++digits;
  }
  text.remove_prefix(digits);
  return digits > 0;
}

// Reads "hh:mm:ss" into seconds. Leap seconds count as the next minute's first; 24:00:00 is
// the next day's first instant (XML Schema part 2, 3.2.7.1).
bool TakeTimeOfDay(std::string_view& text, int64_t& seconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!TakeDigits(text, 2, hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, minute) ||
      !TakeChar(text, ':') || !TakeDigits(text, 2, second)) {
    return false;
  }
  const bool end_of_day = hour == 24 && minute == 0 && second == 0;
  if ((hour > 23 && !end_of_day) || minute > 59 || second > 60) return false;
  seconds = hour * 3600 + minute * 60 + second;
  return true;
}

// Reads "Z", "+hh:mm", "-hh:mm" or nothing, up to the end of the text, into seconds east.
bool TakeZone(std::string_view text, int64_t& seconds_east) {
  seconds_east = 0;
  if (text.empty() || text == "Z" || text == "z") return true;
  const bool east = text.front() == '+';
  if (!east && text.front() != '-') return false;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!TakeDigits(text, 2, hours) || !TakeChar(text, ':') || !TakeDigits(text, 2, minutes)) {
    return false;
  }
  if (!text.empty() || minutes > 59 || hours * 60 + minutes > 14 * 60) return false;
  const int offset = hours * 3600 + minutes * 60;
  seconds_east = east ? offset : -offset;
  return true;
}

}  // namespace

std::optional<uint64_t> ParseClamped(std::string_view text, uint64_t max) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    value = value > (max - digit) / 10 || digit > max ? max : value * 10 + digit;
  }
  return value;
}

std::optional<double> ParseDecimal(std::string_view text) {
  text = TrimBlanks(text);
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  const std::string_view whole = text.substr(0, text.find('.'));
  std::string_view rest = text.substr(whole.size());
  if (whole.size() > 9 || (whole.empty() && rest.size() < 2)) return std::nullopt;
  const std::optional<uint64_t> integer =
      whole.empty() ? uint64_t{0} : ParseClamped(whole, UINT64_MAX);
  int64_t billionths = 0;
  if (rest == ".") rest = "";  // "1." is a decimal too
  if (!integer || !TakeFraction(rest, billionths) || !rest.empty()) return std::nullopt;
  const double value =
      static_cast<double>(*integer) + static_cast<double>(billionths) / 1'000'000'000;
  return negative ? -value : value;
}

std::optional<absl::Time> ParseDateTime(std::string_view text) {
  // The years 1 to 9999, which is also what a protobuf Timestamp can hold.
  static constexpr int64_t kFirstSecond = -62'135'596'800;
  static constexpr int64_t kLastSecond = 253'402'300'799;
  text = TrimBlanks(text);
  int64_t days = 0;
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int64_t seconds_east = 0;
  if (!TakeDate(text, days)) return std::nullopt;
  if (!TakeChar(text, 'T') && !TakeChar(text, 't')) return std::nullopt;
  if (!TakeTimeOfDay(text, seconds) || !TakeFraction(text, nanoseconds) ||
      !TakeZone(text, seconds_east)) {
    return std::nullopt;
  }
  const int64_t instant = days * 86'400 + seconds - seconds_east;
  if (instant < kFirstSecond || instant > kLastSecond) return std::nullopt;
  return absl::FromUnixSeconds(instant) + absl::Nanoseconds(nanoseconds);
}

std::string Latin1ToUtf8(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      result.push_back(c);
    } else {
      result.push_back(static_cast<char>(0xC0U | (octet >> 6U)));
      result.push_back(static_cast<char>(0x80U | (octet & 0x3FU)));
    }
  }
  return result;
}

}  // namespace sipevents::sip
