#include "sip/notifier/notify_rate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMostDigits = 2;
constexpr size_t kMostDecimals = 10;
// What two digits and the six of AppendRate() can say.
constexpr double kMostRate = 99.9999;
// Below it, floating point numbers are written with an exponent.
constexpr float kLeastPlain = 0.0001F;

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// 1*2DIGIT["."1*10DIGIT]; 0 for anything else.
float ReadRate(std::string_view text) {
  const size_t dot = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimals = dot < text.size() ? text.substr(dot + 1) : "0";
  double rate = 0;
  if (whole.empty() || whole.size() > kMostDigits || !AllDigits(whole) || decimals.empty() ||
      decimals.size() > kMostDecimals || !AllDigits(decimals) ||
      !absl::SimpleAtod(AbslView(text), &rate)) {
    return 0;
  }
  return static_cast<float>(std::min(rate, kMostRate));
}

absl::Duration IntervalOf(float rate) { return absl::Seconds(1) / static_cast<double>(rate); }

void AppendRate(std::string& text, std::string_view name, float rate) {
  if (rate <= 0) return;
  absl::StrAppend(&text, ";", AbslView(name), "=");
  if (rate < kLeastPlain) {
    absl::StrAppendFormat(&text, "%.10f", rate);
  } else {
    absl::StrAppend(&text, rate);
  }
}

std::string_view NameOf(std::string_view parameter) {
  return TrimBlanks(parameter.substr(0, parameter.find('=')));
}

}  // namespace

RateWishes ReadRateWishes(const std::vector<std::string_view>& event_parameters) {
  RateWishes wishes;
  for (const std::string_view parameter : event_parameters) {
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = NameOf(parameter);
    const std::string_view value =
        equals < parameter.size() ? TrimBlanks(parameter.substr(equals + 1)) : "";
    if (EqualsIgnoreCase(name, "max-rate")) wishes.max_rate = ReadRate(value);
    if (EqualsIgnoreCase(name, "min-rate")) wishes.min_rate = ReadRate(value);
    if (EqualsIgnoreCase(name, "adaptive-min-rate")) wishes.adaptive_min_rate = ReadRate(value);
  }
  if (wishes.max_rate > 0) {
    wishes.min_rate = std::min(wishes.min_rate, wishes.max_rate);
    wishes.adaptive_min_rate = std::min(wishes.adaptive_min_rate, wishes.max_rate);
  }
  if (wishes.adaptive_min_rate > 0 && wishes.min_rate > wishes.adaptive_min_rate) {
    wishes.min_rate = 0;
  }
  return wishes;
}

bool IsRateWish(std::string_view parameter) {
  const std::string_view name = NameOf(parameter);
  return EqualsIgnoreCase(name, "max-rate") || EqualsIgnoreCase(name, "min-rate") ||
         EqualsIgnoreCase(name, "adaptive-min-rate");
}

std::string RateParameters(const RateWishes& rates) {
  std::string text;
  AppendRate(text, "max-rate", rates.max_rate);
  AppendRate(text, "min-rate", rates.min_rate);
  AppendRate(text, "adaptive-min-rate", rates.adaptive_min_rate);
  return text;
}

void NotifyRate::Wish(const RateWishes& wishes, absl::Duration remaining) {
  wishes_ = wishes;
  const double seconds = absl::ToDoubleSeconds(remaining);
  if (wishes_.max_rate > 0 && seconds > 0) {
    wishes_.max_rate = std::max(wishes_.max_rate, static_cast<float>(1 / seconds));
  }
  if (package_interval_ > absl::ZeroDuration()) {
    const auto most = static_cast<float>(1 / absl::ToDoubleSeconds(package_interval_));
    wishes_.min_rate = std::min(wishes_.min_rate, most);
    wishes_.adaptive_min_rate = std::min(wishes_.adaptive_min_rate, most);
  }
}

void NotifyRate::Sent(absl::Time now) {
  last_ = now;
  if (wishes_.adaptive_min_rate <= 0) return;
  // Counted by periods, which are longer than 1/adaptive-min-rate.
  const absl::Duration period = 2 * IntervalOf(wishes_.adaptive_min_rate);
  if (now - period_began_ >= period) {
    last_count_ = now - period_began_ < 2 * period ? count_ : 0;
    period_began_ = now;
    count_ = 0;
  }
  ++count_;
}

absl::Duration NotifyRate::LeastInterval() const {
  return wishes_.max_rate > 0 ? std::max(package_interval_, IntervalOf(wishes_.max_rate))
                              : package_interval_;
}

absl::Time NotifyRate::Earliest() const { return last_ + LeastInterval(); }

absl::Time NotifyRate::Latest() const {
  if (last_ == absl::InfinitePast()) return absl::InfiniteFuture();
  absl::Duration timeout = absl::InfiniteDuration();
  if (wishes_.min_rate > 0) timeout = IntervalOf(wishes_.min_rate);
  if (wishes_.adaptive_min_rate > 0) {
    // count / (rate^2 * period), RFC 6446 section 6.
    const double rate = wishes_.adaptive_min_rate;
    const double period = 2 / rate;
    const uint32_t count = std::max<uint32_t>({count_, last_count_, 1});
    timeout = std::min(timeout, absl::Seconds(count / (rate * rate * period)));
  }
  return timeout == absl::InfiniteDuration() ? absl::InfiniteFuture()
                                             : last_ + std::max(timeout, LeastInterval());
}

}  // namespace sipevents::sip
