#include "sip/packages/voice_quality.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/text_body.h"
#include "sip/packages/body_merger.h"
#include "sip/packages/voice_metrics.h"

// RFC 6035 section 4.6. The RFC's own examples do not keep to its grammar: lines are taken in any
// order, names without regard to case.

namespace sipevents::sip {
namespace {

namespace report = fields::VoiceQualityReport;

constexpr Metric kAddressMetrics[] = {
    {"IP", report::Address::kIp, MetricForm::kText},
    {"PORT", report::Address::kPort, MetricForm::kCount},
    {"SSRC", report::Address::kSsrc, MetricForm::kHex},
};

// A line about the call.
struct CallLine {
  enum class Form { kText, kUri, kAddress, kDialog };
  std::string_view name;
  int number;  // of the field
  Form form;
};
constexpr std::array<CallLine, 11> kCallLines = {{
    {"CallID", report::kCallId, CallLine::Form::kText},
    {"LocalID", report::kLocalId, CallLine::Form::kUri},
    {"RemoteID", report::kRemoteId, CallLine::Form::kUri},
    {"OrigID", report::kOrigId, CallLine::Form::kUri},
    {"LocalAddr", report::kLocalAddress, CallLine::Form::kAddress},
    {"RemoteAddr", report::kRemoteAddress, CallLine::Form::kAddress},
    {"LocalGroup", report::kLocalGroup, CallLine::Form::kText},
    {"RemoteGroup", report::kRemoteGroup, CallLine::Form::kText},
    {"LocalMAC", report::kLocalMac, CallLine::Form::kText},
    {"RemoteMAC", report::kRemoteMac, CallLine::Form::kText},
    {"DialogID", report::kDialog, CallLine::Form::kDialog},
}};

struct Report {
  int kind = report::Kind::kKIND_UNSPECIFIED;
  std::string_view head;  // what follows the kind
  // The values of kCallLines; of two lines the first counts.
  std::array<std::optional<std::string_view>, kCallLines.size()> call;
  std::optional<VoiceMetrics> local;
  std::optional<VoiceMetrics> remote;
};

// `call-id;to-tag=a;from-tag=b`
void WriteDialog(int number, std::string_view text, ReverseWireWriter& writer) {
  const auto tag = [text](std::string_view name) {
    std::string_view rest = text;
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
      const std::string_view parameter = TrimBlanks(rest.substr(0, rest.find(';')));
      const size_t equals = std::min(parameter.find('='), parameter.size());
      if (!EqualsIgnoreCase(TrimBlanks(parameter.substr(0, equals)), name)) continue;
      return TrimBlanks(parameter.substr(std::min(equals + 1, parameter.size())));
    }
    return std::string_view();
  };
  writer.Message(number, [&] {
    writer.Text(report::DialogId::kFromTag, tag("from-tag"));
    writer.Text(report::DialogId::kToTag, tag("to-tag"));
    writer.Text(report::DialogId::kCallId, TrimBlanks(text.substr(0, text.find(';'))));
  });
}

void WriteCallLine(const CallLine& line, std::string_view value, ReverseWireWriter& writer) {
  switch (line.form) {
    case CallLine::Form::kText:
      writer.Text(line.number, value);
      break;
    case CallLine::Form::kUri:
      writer.Text(line.number, UriIn(value));
      break;
    case CallLine::Form::kAddress:
      writer.Message(line.number, [&] { WriteMetricLine(kAddressMetrics, value, writer); });
      break;
    case CallLine::Form::kDialog:
      WriteDialog(line.number, value, writer);
      break;
  }
}

int SeverityOf(std::string_view word) {
  namespace severity = report::Alert::Severity;
  if (EqualsIgnoreCase(word, "Warning")) return severity::kWARNING;
  if (EqualsIgnoreCase(word, "Critical")) return severity::kCRITICAL;
  return EqualsIgnoreCase(word, "Clear") ? severity::kCLEAR : severity::kSEVERITY_UNSPECIFIED;
}

int DirectionOf(std::string_view word) {
  namespace direction = report::Alert::Direction;
  if (EqualsIgnoreCase(word, "local")) return direction::kLOCAL;
  return EqualsIgnoreCase(word, "remote") ? direction::kREMOTE : direction::kDIRECTION_UNSPECIFIED;
}

void WriteReport(const Report& read, ReverseWireWriter& writer) {
  if (read.remote) {
    writer.Message(report::kRemoteMetrics, [&] { read.remote->Write(writer); });
  }
  if (read.local) writer.Message(report::kLocalMetrics, [&] { read.local->Write(writer); });
  for (size_t i = kCallLines.size(); i-- > 0;) {
    if (read.call[i]) WriteCallLine(kCallLines[i], *read.call[i], writer);
  }
  if (read.kind == report::Kind::kALERT) {
    writer.Message(report::kAlert, [&] {
      writer.Signed(report::Alert::kDirection,
                    DirectionOf(FindMetric(read.head, "Dir").value_or("")));
      writer.Signed(report::Alert::kSeverity,
                    SeverityOf(FindMetric(read.head, "Severity").value_or("")));
      writer.Text(report::Alert::kType, FindMetric(read.head, "Type").value_or(""));
    });
  }
  writer.Bool(report::kCallTerm, FindMetric(read.head, "CallTerm").has_value());
  writer.Signed(report::kKind, read.kind);
}

int KindOf(std::string_view name) {
  if (EqualsIgnoreCase(name, "VQSessionReport")) return report::Kind::kSESSION;
  if (EqualsIgnoreCase(name, "VQIntervalReport")) return report::Kind::kINTERVAL;
  if (EqualsIgnoreCase(name, "VQAlertReport")) return report::Kind::kALERT;
  return report::Kind::kKIND_UNSPECIFIED;
}

// Takes the lines of a report; unknown ones are passed over.
class ReportReader {
 public:
  absl::StatusOr<Report> Read(std::string_view text, bool lenient) {
    while (!text.empty()) {
      const std::string_view line = TakeTextLine(text);
      if (!line.empty()) SIPEVENTS_RETURN_IF_ERROR(ReadLine(line, lenient));
    }
    if (report_.kind == report::Kind::kKIND_UNSPECIFIED) return NoReport();
    return report_;
  }

 private:
  static absl::Status NoReport() {
    return absl::InvalidArgumentError("no line VQSessionReport, VQIntervalReport or VQAlertReport");
  }

  absl::Status ReadLine(std::string_view line, bool lenient) {
    // The line of the kind has no colon if nothing follows.
    const TextField field = SplitTextField(line).value_or(TextField{line, {}});
    if (report_.kind == report::Kind::kKIND_UNSPECIFIED) {
      report_.kind = KindOf(field.name);
      report_.head = field.value;
      if (report_.kind != report::Kind::kKIND_UNSPECIFIED) return absl::OkStatus();
      if (!lenient) return NoReport();
    }
    if (EqualsIgnoreCase(field.name, "LocalMetrics")) {
      block_ = &report_.local;
    } else if (EqualsIgnoreCase(field.name, "RemoteMetrics")) {
      block_ = &report_.remote;
    } else if (!KeepCallLine(field)) {
      VoiceMetrics metrics = block_->value_or(VoiceMetrics());
      if (metrics.Keep(field.name, field.value)) *block_ = metrics;
    }
    return absl::OkStatus();
  }

  // False: it is no line about the call.
  bool KeepCallLine(const TextField& field) {
    for (size_t i = 0; i < kCallLines.size(); ++i) {
      if (!EqualsIgnoreCase(kCallLines[i].name, field.name)) continue;
      if (!report_.call[i]) report_.call[i] = field.value;
      return true;
    }
    return false;
  }

  Report report_;
  // Where metrics belong: before any heading they are the reporter's own.
  std::optional<VoiceMetrics>* block_ = &report_.local;
};

absl::Status WriteVoiceQuality(const MergeInput& input, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string_view text,
                             LoadText(input.body, input.lenient, scratch));
  SIPEVENTS_ASSIGN_OR_RETURN(const Report read, ReportReader().Read(text, input.lenient));
  WriteReport(read, scratch.writer());
  return absl::OkStatus();
}

constexpr BodyShape kShape = {
    .content_type = "application/vq-rtcpxr",
    .document_number = fields::Event::kVoiceQuality,
    .write = WriteVoiceQuality,
};

}  // namespace

std::unique_ptr<StateMerger> NewVoiceQualityMerger() { return NewBodyMerger(kShape); }

}  // namespace sipevents::sip
