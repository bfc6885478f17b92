#include "sip/stack/message_server.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_string.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/keyed_hash.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/request_message.h"
#include "sip/stack/sofia_text.h"
#include "sip/stack/unparsed_request.h"

namespace sipevents::sip {
namespace {

// For a request that cannot wait here, in seconds.
constexpr char kRetryAfter[] = "5";

MessagePtr Parse(std::string_view text) {
  return MessagePtr(msg_make(sip_default_mclass(), MSG_DO_CANONIC, text.data(),
                             static_cast<ssize_t>(text.size())));
}

// Notes where a request really came from (RFC 3261 section 18.2.1, RFC 3581). Its answer goes
// there, not where it says otherwise (maddr).
void NoteSource(msg_t* message, sip_via_t* via, const HostPort& source) {
  su_home_t* home = msg_home(message);
  if (via->v_received != nullptr) msg_header_remove_param(via->v_common, "received");
  if (via->v_maddr != nullptr) msg_header_remove_param(via->v_common, "maddr");
  std::string_view host = View(via->v_host);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  // Who asks for its port is told the address, too, though it knows it (RFC 3581 section 4).
  if (via->v_rport != nullptr || !EqualsIgnoreCase(host, source.host)) {
    const std::string received = absl::StrCat("received=", source.host);
    msg_header_replace_param(home, via->v_common, su_strdup(home, received.c_str()));
  }
  if (via->v_rport != nullptr) {
    const std::string rport = absl::StrCat("rport=", source.port);
    msg_header_replace_param(home, via->v_common, su_strdup(home, rport.c_str()));
  }
}

// Where an answer goes, without it.
WireAnswer WayOf(const sip_via_t& via) {
  WireAnswer way;
  way.to_source_port = via.v_rport != nullptr;
  uint32_t port = 0;
  if (via.v_port != nullptr && absl::SimpleAtoi(via.v_port, &port) && port > 0 && port < 65536) {
    way.port = static_cast<uint16_t>(port);
  }
  return way;
}

// A To tag of ours. A request that comes again gets the same one, though nobody remembers it (RFC
// 3261 section 8.2.7), and nobody else can make it up.
using TagKey = std::array<uint64_t, 2>;
std::string TagOf(const TagKey& key, std::string_view what) {
  return absl::StrCat(absl::Hex(SipHash128(key, what)[0], absl::kZeroPad16));
}

// The same for a request and the CANCEL of it, too (section 9.2).
std::string TagOf(const TagKey& key, const sip_t& sip) {
  const std::string_view branch = sip.sip_via == nullptr ? "" : View(sip.sip_via->v_branch);
  const std::string_view call_id = sip.sip_call_id == nullptr ? "" : View(sip.sip_call_id->i_id);
  const std::string_view from_tag = sip.sip_from == nullptr ? "" : View(sip.sip_from->a_tag);
  const uint32_t cseq = sip.sip_cseq == nullptr ? 0 : sip.sip_cseq->cs_seq;
  return TagOf(key, absl::StrCat(AbslView(branch), "\n", AbslView(call_id), "\n",
                                 AbslView(from_tag), "\n", cseq));
}

WireAnswer Write(msg_t* request, sip_via_t* via, const HostPort& source, const NotifyAnswer& answer,
                 const TagKey& key) {
  WireAnswer written = WayOf(*via);
  NoteSource(request, via, source);
  const sip_to_t* to = sip_object(request)->sip_to;
  std::string tag = answer.to_tag;
  if (tag.empty() && (to == nullptr || to->a_tag == nullptr)) {
    tag = TagOf(key, *sip_object(request));
  }
  const MessagePtr message = NewAnswer(request, answer, tag);
  if (message != nullptr) written.text = WireText(message.get());
  return written;
}

// Whether requests of this method are answered by ServerTransactions.
bool IsServed(const sip_t& sip) {
  const sip_method_t method = sip.sip_request->rq_method;
  return method == sip_method_subscribe || method == sip_method_publish ||
         method == sip_method_cancel;
}

// Whether a line of the head ends in a line feed alone.
bool HasBareLineFeed(std::string_view message) {
  for (size_t at = message.find('\n'); at != std::string_view::npos;
       at = message.find('\n', at + 1)) {
    if (at == 0 || message[at - 1] != '\r') return true;
    if (message.substr(at + 1).starts_with("\r\n")) return false;  // the body follows
  }
  return false;
}

}  // namespace

WireAnswer MessageServer::Take(std::string_view message, const NextHop& source,
                               const OnResponse& on_response) {
  const MessagePtr parsed = Parse(message);
  sip_t* sip = parsed == nullptr ? nullptr : sip_object(parsed.get());
  if (sip != nullptr && sip->sip_status != nullptr) {
    const int status = sip->sip_status->st_status;
    if (RefuseBadResponse(*sip) || status < 100 || status > 699) return {};
    on_response(View(sip->sip_via->v_branch), View(sip->sip_cseq->cs_method_name),
                ToResponse(*sip, message));
    return {};
  }
  if (sip == nullptr || sip->sip_request == nullptr) return AnswerUnparsed(message, 400);
  // The parser lets a bare line feed stand within a URI. What our answer would repeat with it is
  // refused before anybody acts on it.
  if (HasBareLineFeed(message) && sip->sip_via != nullptr &&
      HasBareLineFeed(
          Write(parsed.get(), sip->sip_via, source.address, {400, {}}, tag_key_).text)) {
    return AnswerUnparsed(message, 400);
  }
  std::optional<NotifyAnswer> answer = RefuseMalformed(parsed.get(), *sip);
  if (!answer.has_value()) {
    if (transactions_ != nullptr && IsServed(*sip)) {
      return Serve(parsed.get(), *sip, message, source, /*was_held=*/false);
    }
    answer = handler_.OnRequest(*sip, message, source);
  } else if (sip->sip_request->rq_method == sip_method_ack) {
    answer.reset();
  } else if (metrics_ != nullptr) {
    metrics_->OnRequestAnswered("malformed", answer->status);
  }
  if (!answer.has_value() || sip->sip_via == nullptr) return {};
  return Write(parsed.get(), sip->sip_via, source.address, *answer, tag_key_);
}

// It was found well-formed when it came.
WireAnswer MessageServer::TakeAgain(std::string_view message, const NextHop& source) {
  const MessagePtr parsed = Parse(message);
  const sip_t* sip = parsed == nullptr ? nullptr : sip_object(parsed.get());
  if (sip == nullptr || sip->sip_request == nullptr || sip->sip_via == nullptr) return {};
  transactions_->Release(*sip);
  return Serve(parsed.get(), *sip, message, source, /*was_held=*/true);
}

WireAnswer MessageServer::Serve(msg_t* message, const sip_t& sip, std::string_view text,
                                const NextHop& source, bool was_held) {
  const auto write = [&](const RequestAnswer& answer) {
    return Write(message, sip.sip_via, source.address, answer, tag_key_);
  };
  if (sip.sip_request->rq_method == sip_method_cancel) {
    const int status = transactions_->HasCancelled(sip) ? 200 : 481;
    if (metrics_ != nullptr) metrics_->OnRequestAnswered("CANCEL", status);
    return write({status, {}});
  }
  const ServerTransactions::Finding finding = transactions_->Find(sip);
  if (finding.verdict == ServerTransactions::Verdict::kHeld) return {};
  if (finding.verdict == ServerTransactions::Verdict::kRepeated) {
    WireAnswer again = WayOf(*sip.sip_via);
    again.text = finding.answer;
    return again;
  }
  const bool merged = finding.verdict == ServerTransactions::Verdict::kMerged;
  std::optional<RequestAnswer> answer =
      merged ? RequestAnswer{482, {}} : handler_.OnRequest(sip, text, source);
  if (merged && metrics_ != nullptr) {
    metrics_->OnRequestAnswered(View(sip.sip_request->rq_method_name), 482);
  }
  if (!answer.has_value()) return {};
  if (answer->waits_for != 0) {
    if (!was_held && held_ != nullptr && held_->HasRoom(text.size())) {
      transactions_->Hold(finding);
      WireAnswer later;
      later.waits_for = answer->waits_for;
      return later;
    }
    answer = RequestAnswer{503, {{"Retry-After", kRetryAfter}}};
    if (metrics_ != nullptr) {
      metrics_->OnRequestAnswered(View(sip.sip_request->rq_method_name), answer->status);
    }
  }
  WireAnswer written = write(*answer);
  transactions_->Keep(finding, written.text, answer->status);
  return written;
}

WireAnswer MessageServer::AnswerUnparsed(std::string_view message, int status) {
  WireAnswer answer;
  answer.text = AnswerToUnparsed(message, status, TagOf(tag_key_, message));
  if (metrics_ != nullptr) {
    metrics_->OnRequestAnswered("malformed", answer.text.empty() ? 0 : status);
  }
  return answer;
}

}  // namespace sipevents::sip
