#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

using Report = v1::VoiceQualityReport;

// ITU-T G.107, annex B: below the first many are dissatisfied, below the second nearly all.
constexpr double kGoodMos = 3.6;
constexpr double kPoorMos = 2.58;

std::optional<double> MosOf(const v1::VoiceQualityMetrics& metrics) {
  const v1::QualityEstimates& estimates = metrics.quality_estimates();
  if (estimates.has_conversational_mos()) return estimates.conversational_mos();
  if (estimates.has_listening_mos()) return estimates.listening_mos();
  return std::nullopt;
}

Tone ToneOf(double mos) {
  return mos >= kGoodMos ? Tone::kGood : mos >= kPoorMos ? Tone::kBusy : Tone::kBad;
}

// What people ask for first.
std::string MetricsText(const v1::VoiceQualityMetrics& metrics) {
  Parts parts;
  if (const auto mos = MosOf(metrics); mos.has_value()) {
    parts.Add(absl::StrFormat("MOS %.1f", *mos));
  }
  const v1::PacketLoss& loss = metrics.packet_loss();
  if (loss.has_network_loss_percent()) {
    parts.Add(absl::StrFormat("loss %.1f %%", loss.network_loss_percent()));
  }
  if (loss.has_jitter_discard_percent()) {
    parts.Add(absl::StrFormat("too late %.1f %%", loss.jitter_discard_percent()));
  }
  const v1::VoiceDelay& delay = metrics.delay();
  if (delay.has_round_trip_ms())
    parts.Add(absl::StrCat("round trip ", delay.round_trip_ms(), " ms"));
  if (delay.has_interarrival_jitter_ms()) {
    parts.Add(absl::StrCat("jitter ", delay.interarrival_jitter_ms(), " ms"));
  }
  return parts.Join(", ");
}

std::string KindText(const Report& report) {
  switch (report.kind()) {
    case Report::ALERT: {
      const Report::Alert& alert = report.alert();
      std::string text = absl::StrCat("alert: ", Printable(alert.type()));
      if (alert.severity() != Report::Alert::SEVERITY_UNSPECIFIED) {
        absl::StrAppend(&text, " ", Words(Report::Alert::Severity_Name(alert.severity())));
      }
      if (alert.direction() == Report::Alert::REMOTE) {
        absl::StrAppend(&text, " at the other side");
      }
      return text;
    }
    case Report::INTERVAL:
      return "interval";
    default:
      return report.call_term() ? "call over" : "call so far";
  }
}

Tone ToneOf(const Report& report) {
  switch (report.alert().severity()) {
    case Report::Alert::CRITICAL:
      return Tone::kBad;
    case Report::Alert::WARNING:
      return Tone::kBusy;
    case Report::Alert::CLEAR:
      return Tone::kGood;
    default:
      break;
  }
  std::optional<double> worst = MosOf(report.local_metrics());
  const std::optional<double> remote = MosOf(report.remote_metrics());
  if (!worst.has_value() || (remote.has_value() && *remote < *worst)) worst = remote;
  return worst.has_value() ? ToneOf(*worst) : Tone::kPlain;
}

}  // namespace

Summary Summarize(const Report& report) {
  std::string text = KindText(report);
  if (!report.local_id().empty() || !report.remote_id().empty()) {
    absl::StrAppend(&text, ", ", Printable(report.local_id()), " with ",
                    Printable(report.remote_id()));
  }
  Parts sides;
  sides.Add(MetricsText(report.local_metrics()));
  const std::string remote = MetricsText(report.remote_metrics());
  if (!remote.empty()) sides.Add(absl::StrCat("at the other side ", remote));
  if (!sides.empty()) absl::StrAppend(&text, ": ", sides.Join("; "));
  return {text, ToneOf(report)};
}

}  // namespace sipevents::client
