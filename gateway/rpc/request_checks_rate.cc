#include "gateway/rpc/request_checks_rate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

// 1*2DIGIT [ "." 1*10DIGIT ], above zero (RFC 6446 section 9; RATE-06).
constexpr double kLeastRate = 1e-10;
constexpr double kEndOfRates = 100;

// A rate as RFC 6446 writes it, without zeros that say nothing.
std::string RateText(double rate) {
  std::string text = absl::StrFormat("%.10f", rate);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

class RateReader {
 public:
  RateReader(std::string_view field, std::vector<std::pair<std::string, std::string>>& parameters,
             FieldViolations& violations)
      : field_(field), parameters_(parameters), violations_(violations) {}

  void Take(std::string_view name, std::string_view parameter, double rate) {
    const std::string path = absl::StrCat(AbslView(field_), ".", AbslView(name));
    // Also what is no number is refused. Beyond 99.9999999999 the text would have three digits.
    if (!(rate >= kLeastRate && rate < kEndOfRates - kLeastRate)) {
      violations_.Add(path, absl::StrCat(rate), "notifications per second, above 0 and below 100");
      return;
    }
    const bool said = std::any_of(parameters_.begin(), parameters_.end(),
                                  [&](const auto& other) { return other.first == parameter; });
    if (said) {
      violations_.Add(
          path, RateText(rate),
          absl::StrCat("it here or as an event parameter ", AbslView(parameter), ", not both"));
      return;
    }
    parameters_.emplace_back(std::string(parameter), RateText(rate));
  }

 private:
  std::string_view field_;
  std::vector<std::pair<std::string, std::string>>& parameters_;
  FieldViolations& violations_;
};

}  // namespace

void AddRateControl(std::string_view field, const v1::RateControl& rates,
                    std::vector<std::pair<std::string, std::string>>& parameters,
                    FieldViolations& violations) {
  RateReader reader(field, parameters, violations);
  if (rates.has_max_rate()) reader.Take("max_rate", "max-rate", rates.max_rate());
  if (rates.has_min_rate()) reader.Take("min_rate", "min-rate", rates.min_rate());
  if (rates.has_adaptive_min_rate()) {
    reader.Take("adaptive_min_rate", "adaptive-min-rate", rates.adaptive_min_rate());
  }
  // RATE-05: the notifier would lower it, so it is not what the caller means.
  for (const auto& [name, rate] : {std::pair("min_rate", rates.min_rate()),
                                   std::pair("adaptive_min_rate", rates.adaptive_min_rate())}) {
    if (rates.has_max_rate() && rate > rates.max_rate()) {
      violations.Add(absl::StrCat(AbslView(field), ".", name), RateText(rate), "at most max_rate");
    }
  }
  std::sort(parameters.begin(), parameters.end());
}

}  // namespace sipevents::gateway
