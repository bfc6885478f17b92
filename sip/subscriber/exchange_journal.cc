#include "sip/subscriber/exchange_journal.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/redact.h"
#include "sip/base/utf8.h"
#include "sip/subscriber/retry_policy.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr size_t kKept = 2;  // SUBSCRIBEs, and as many NOTIFYs
constexpr char kSeparator = '\n';
constexpr char kCut[] = "…";

enum Flag : uint8_t {
  kUsed = 1,
  kAuthorized = 2,  // the request had credentials
  kConditional = 4,
  kCutText = 8,
  kUnsolicited = 16,
};

// What `answer_seconds` is.
enum class AnswerHeader : uint8_t { kNothing, kExpires, kMinExpires, kRetryAfter };

uint32_t OrNone(const std::optional<uint32_t>& seconds) { return seconds.value_or(kNone); }

std::string_view AnswerHeaderName(AnswerHeader header) {
  switch (header) {
    case AnswerHeader::kExpires:
      return "Expires";
    case AnswerHeader::kMinExpires:
      return "Min-Expires";
    case AnswerHeader::kRetryAfter:
      return "Retry-After";
    case AnswerHeader::kNothing:
      break;
  }
  return "";
}

}  // namespace

// One exchange. Times in microseconds since 1970.
struct ExchangeJournal::Record {
  int64_t micros = 0;
  uint32_t delay_millis = 0;  // of the answer
  uint32_t dialog = 0;
  uint32_t cseq = 0;
  uint32_t expires = kNone;         // of the request
  uint32_t answer_seconds = kNone;  // of the response; of a NOTIFY: octets of its body
  uint16_t status = 0;
  uint8_t flags = 0;
  AnswerHeader answer_header = AnswerHeader::kNothing;
  SendFailure failure = SendFailure::kNone;
  uint8_t text_size = 0;
  // Texts, by kSeparator: server, Request-URI; or Via, Subscription-State, Content-Type.
  std::array<char, 58> text;

  void SetText(const std::string& joined) {
    text_size = static_cast<uint8_t>(std::min(joined.size(), text.size()));
    std::memcpy(text.data(), joined.data(), text_size);
    flags =
        static_cast<uint8_t>(joined.size() > text.size() ? flags | kCutText : flags & ~kCutText);
  }
  // The `index`th of the texts; marked if it was cut.
  std::string Text(int index) const {
    std::string_view rest(text.data(), text_size);
    for (; index > 0; --index) {
      const size_t end = rest.find(kSeparator);
      if (end == std::string_view::npos) return "";
      rest.remove_prefix(end + 1);
    }
    const size_t end = rest.find(kSeparator);
    std::string found(rest.substr(0, end));
    if (end == std::string_view::npos && (flags & kCutText) != 0) {
      while (!found.empty() && !IsUtf8(found)) found.pop_back();  // not half a character
      found += kCut;
    }
    return found;
  }
  absl::Time time() const { return absl::FromUnixMicros(micros); }

  ExplainedExchange Sent(std::string_view event) const;
  ExplainedExchange Received(std::string_view event) const;
};

// Everything that there is only once something has happened.
struct ExchangeJournal::Block {
  std::array<Record, kKept> requests;
  std::array<Record, kKept> notifies;
  uint8_t next_request = 0;
  uint8_t next_notify = 0;
  uint64_t notify_count = 0;
  uint64_t bad_bodies = 0;
  int64_t unsolicited_micros = 0;  // of the last state that came unasked; 0: none did
  absl::Time last_bad_body = absl::InfinitePast();
  std::unique_ptr<std::string> last_error;
  std::unique_ptr<std::vector<std::string>> deviations;
};

void ExchangeJournal::BlockDeleter::operator()(Block* block) const { delete block; }

size_t ExchangeJournal::BlockOctets() {
  static_assert(sizeof(Record) <= 96);
  return sizeof(Block);
}

ExchangeJournal::Block& ExchangeJournal::block() {
  if (block_ == nullptr) block_.reset(new Block);
  return *block_;
}

void ExchangeJournal::NoteRequest(uint32_t dialog, const OutgoingRequest& request, absl::Time now) {
  Block& all = block();
  Record& record = all.requests[all.next_request];
  all.next_request = (all.next_request + 1) % kKept;
  record = Record();
  record.micros = absl::ToUnixMicros(now);
  record.dialog = dialog;
  record.cseq = request.cseq;
  record.expires = OrNone(request.expires);
  record.flags = kUsed;
  if (!request.authorization.empty()) record.flags |= kAuthorized;
  if (!request.suppress_if_match.empty()) record.flags |= kConditional;
  record.SetText(absl::StrCat("\n", RedactUri(request.request_uri)));
}

ExchangeJournal::Record* ExchangeJournal::FindRequest(uint32_t dialog, uint32_t cseq) {
  if (block_ == nullptr) return nullptr;
  for (size_t age = 1; age <= kKept; ++age) {
    Record& record = block_->requests[(block_->next_request + kKept - age) % kKept];
    if ((record.flags & kUsed) != 0 && record.dialog == dialog && record.cseq == cseq &&
        record.status == 0) {
      return &record;
    }
  }
  return nullptr;
}

void ExchangeJournal::NoteSent(uint32_t dialog, uint32_t cseq, std::string_view server,
                               absl::Time now) {
  Record* record = FindRequest(dialog, cseq);
  if (record == nullptr) return;
  record->micros = absl::ToUnixMicros(now);
  if (record->Text(0) == server) return;
  record->SetText(absl::StrCat(AbslView(server), "\n", record->Text(1)));
}

void ExchangeJournal::NoteResponse(uint32_t dialog, uint32_t cseq, const Response& response,
                                   absl::Time now) {
  Record* record = FindRequest(dialog, cseq);
  if (record == nullptr) return;
  const int64_t millis = absl::ToInt64Milliseconds(now - record->time());
  record->delay_millis = static_cast<uint32_t>(std::clamp<int64_t>(millis, 0, kNone));
  record->status = static_cast<uint16_t>(response.status);
  record->failure = FailureOf(response);
  const std::pair<AnswerHeader, std::optional<uint32_t>> headers[] = {
      {AnswerHeader::kRetryAfter, response.retry_after},
      {AnswerHeader::kMinExpires, response.min_expires},
      {AnswerHeader::kExpires, response.expires},
  };
  for (const auto& [header, seconds] : headers) {
    if (!seconds.has_value()) continue;
    record->answer_header = header;
    record->answer_seconds = *seconds;
    break;
  }
}

void ExchangeJournal::NoteNotify(uint32_t dialog, const IncomingNotify& notify, int status) {
  Block& all = block();
  const Record& newest = all.notifies[(all.next_notify + kKept - 1) % kKept];
  if ((newest.flags & kUsed) != 0 && newest.dialog == dialog && newest.cseq == notify.cseq &&
      newest.status == status) {
    return;
  }
  AddNotify(notify, status).dialog = dialog;
}

// Whether it is a repeated one was found out where it came in: each has a Call-ID of its own.
void ExchangeJournal::NoteUnsolicited(const IncomingNotify& notify) {
  AddNotify(notify, 200).flags |= kUnsolicited;
  block_->unsolicited_micros = absl::ToUnixMicros(notify.receive_time);
}

ExchangeJournal::Record& ExchangeJournal::AddNotify(const IncomingNotify& notify, int status) {
  Block& all = block();
  ++all.notify_count;
  Record& record = all.notifies[all.next_notify];
  all.next_notify = (all.next_notify + 1) % kKept;
  record = Record();
  record.micros = absl::ToUnixMicros(notify.receive_time);
  record.cseq = notify.cseq;
  record.expires = OrNone(notify.expires);
  record.answer_seconds = static_cast<uint32_t>(std::min<size_t>(notify.body.size(), kNone));
  record.status = static_cast<uint16_t>(status);
  record.flags = kUsed;
  const std::string_view type =
      std::string_view(notify.content_type).substr(0, notify.content_type.find(';'));
  record.SetText(absl::StrCat(AbslView(notify.via_host), notify.via_port.empty() ? "" : ":",
                              AbslView(notify.via_port), "\n", AbslView(notify.substate),
                              notify.reason.empty() ? "" : ";reason=", AbslView(notify.reason),
                              "\n", AbslView(type)));
  return record;
}

void ExchangeJournal::NoteBadBody(std::string_view error, absl::Time now) {
  Block& all = block();
  ++all.bad_bodies;
  all.last_bad_body = now;
  all.last_error = std::make_unique<std::string>(error.substr(0, kMostErrorOctets));
}

void ExchangeJournal::NoteDeviation(std::string_view row) {
  auto& kept = block().deviations;
  if (kept == nullptr) kept = std::make_unique<std::vector<std::string>>();
  if (kept->size() >= kMostDeviations) return;
  if (std::find(kept->begin(), kept->end(), row) == kept->end()) kept->emplace_back(row);
}

ExplainedExchange ExchangeJournal::Record::Sent(std::string_view event) const {
  ExplainedExchange exchange;
  exchange.time = time();
  exchange.peer = Text(0);
  exchange.head.push_back(absl::StrCat("SUBSCRIBE ", Text(1), " SIP/2.0"));
  exchange.head.push_back(absl::StrCat("CSeq: ", cseq, " SUBSCRIBE"));
  exchange.head.push_back(absl::StrCat("Event: ", AbslView(event)));
  if (expires != kNone) exchange.head.push_back(absl::StrCat("Expires: ", expires));
  if ((flags & kConditional) != 0) exchange.head.emplace_back("Suppress-If-Match: …");
  if ((flags & kAuthorized) != 0) exchange.head.emplace_back("Authorization: (redacted)");
  exchange.status = status;
  if (status == 0) return exchange;
  exchange.delay = absl::Milliseconds(delay_millis);
  if (failure != SendFailure::kNone) {
    exchange.answer = std::string(FailureReason(failure));
  } else if (answer_header != AnswerHeader::kNothing) {
    exchange.answer = absl::StrCat(AbslView(AnswerHeaderName(answer_header)), ": ", answer_seconds);
  }
  return exchange;
}

ExplainedExchange ExchangeJournal::Record::Received(std::string_view event) const {
  ExplainedExchange exchange;
  exchange.time = time();
  exchange.incoming = true;
  exchange.peer = Text(0);
  exchange.head.emplace_back("NOTIFY");
  exchange.head.push_back(absl::StrCat("CSeq: ", cseq, " NOTIFY"));
  exchange.head.push_back(absl::StrCat("Event: ", AbslView(event)));
  if (const std::string state = Text(1); !state.empty()) {
    exchange.head.push_back(absl::StrCat("Subscription-State: ", state));
    if (expires != kNone) absl::StrAppend(&exchange.head.back(), ";expires=", expires);
  }
  if (const std::string type = Text(2); !type.empty()) {
    exchange.head.push_back(absl::StrCat("Content-Type: ", type));
  }
  exchange.head.push_back(absl::StrCat("Content-Length: ", answer_seconds));
  exchange.status = status;
  return exchange;
}

void ExchangeJournal::Explain(std::string_view event,
                              const std::function<std::string(uint32_t)>& name_of,
                              SubscriptionExplanation& into) const {
  if (block_ == nullptr) return;
  const auto add = [&](const Record& record, bool incoming) {
    if ((record.flags & kUsed) == 0) return;
    into.exchanges.push_back(incoming ? record.Received(event) : record.Sent(event));
    if (record.dialog != 0) into.exchanges.back().dialog = name_of(record.dialog);
    if ((record.flags & kUnsolicited) != 0) into.exchanges.back().dialog = kUnsolicitedDialog;
  };
  for (const Record& record : block_->requests) add(record, false);
  for (const Record& record : block_->notifies) add(record, true);
  std::stable_sort(into.exchanges.begin(), into.exchanges.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  into.notifies = block_->notify_count;
  into.decode_errors = block_->bad_bodies;
  if (block_->unsolicited_micros != 0) {
    into.unsolicited_time = absl::FromUnixMicros(block_->unsolicited_micros);
  }
  into.last_decode_error_time = block_->last_bad_body;
  if (block_->last_error != nullptr) into.last_decode_error = *block_->last_error;
  if (block_->deviations != nullptr) into.deviations = *block_->deviations;
}

}  // namespace sipevents::sip
