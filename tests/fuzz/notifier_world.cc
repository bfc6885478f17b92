#include "tests/fuzz/notifier_world.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/sip_header.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sip/body/xml_guard.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/request_intake.h"
#include "sip/stack/request_message.h"
#include "sip/stack/sofia_text.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr char kPassword[] = "password";
// More than the parts of one input can bring about.
constexpr size_t kMaxSentAtOnce = 5000;

// That a text is the head of one message and no more, in lines.
void CheckHead(std::string_view head) {
  FUZZ_EXPECT(head.find("\r\n\r\n") == head.size() - 4);
  for (size_t at = 0; at < head.size(); ++at) {
    FUZZ_EXPECT(head[at] != '\0');
    FUZZ_EXPECT(head[at] != '\n' || (at > 0 && head[at - 1] == '\r'));
  }
}

// The value of a header of ours; empty: there is none.
std::string ValueOf(std::string_view wire, std::string_view name) {
  const size_t at =
      wire.find(absl::StrCat("\r\n", absl::string_view(name.data(), name.size()), ":"));
  if (at == std::string_view::npos) return "";
  const size_t begin = at + name.size() + 3;
  std::string_view value = wire.substr(begin, wire.find("\r\n", begin) - begin);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return std::string(value);
}

void CheckNotify(const sip::OutgoingRequest& request) {
  FUZZ_EXPECT(request.method == "NOTIFY");
  FUZZ_EXPECT(request.body.empty() == request.content_type.empty());
  const std::string& state = request.subscription_state;
  FUZZ_EXPECT(state.starts_with("active;expires=") || state.starts_with("pending;expires=") ||
              state.starts_with("terminated;reason="));
  FUZZ_EXPECT(request.entity_tag.find('*') == std::string::npos);
  if (request.content_type == "application/watcherinfo+xml") {
    std::string buffer = request.body;
    pugi::xml_document document;
    sip::XmlNames names;
    FUZZ_EXPECT(sip::ParseGuardedXml(buffer, /*lenient=*/false, document, names).ok());
  }
  const std::string wire =
      sip::RequestText(request, {.contact = absl::StrCat("<", request.contact, ">"),
                                 .allow_events = "presence",
                                 .via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"});
  // A value of a peer that would break a line is a request that fails.
  if (wire.empty()) return;
  CheckHead(std::string_view(wire).substr(0, wire.size() - request.body.size()));
  const sip::MessagePtr parsed(msg_make(sip_default_mclass(), MSG_DO_EXTRACT_COPY, wire.data(),
                                        static_cast<ssize_t>(wire.size())));
  FUZZ_EXPECT(parsed != nullptr);
  const sip_t* const sip = sip_object(parsed.get());
  FUZZ_EXPECT(sip != nullptr && sip->sip_request != nullptr);
  FUZZ_EXPECT(sip->sip_call_id != nullptr && request.call_id == sip->sip_call_id->i_id);
  FUZZ_EXPECT(sip->sip_cseq != nullptr && request.cseq == sip->sip_cseq->cs_seq);
  FUZZ_EXPECT(sip->sip_subscription_state != nullptr);
  FUZZ_EXPECT(sip->sip_event != nullptr);
  const size_t octets = sip->sip_payload == nullptr ? 0 : sip->sip_payload->pl_len;
  FUZZ_EXPECT(octets == request.body.size());
}

}  // namespace

NotifierWorld::NotifierWorld(bool digest, bool strict, sip::WatcherDecision usual) {
  clock_.Attach(&timers_);
  sip::EventServiceOptions options;
  options.domains = sip::DomainSet({"example.com"});
  options.authenticate = digest;
  options.strict = strict;
  options.usual_decision = usual;
  // The password of a realm that a challenge to a NOTIFY can name.
  auto credentials = sip::CredentialTable::Parse("example.com user password\n", "fuzz");
  FUZZ_EXPECT(credentials.ok());
  credentials_ = *std::move(credentials);
  service_.emplace(std::move(options),
                   sip::EventService::Parts{
                       .means = {.sender = sender_,
                                 .clock = clock_,
                                 .timers = timers_,
                                 .random = random_,
                                 .credentials = credentials_,
                                 .t1 = absl::Milliseconds(500)},
                       .contact_for =
                           [](const sip::RequestSource&, bool secure) {
                             return std::string(secure ? "sips:gw@192.0.2.1" : "sip:gw@192.0.2.1");
                           },
                       .directory = &directory_,
                       .post = [this](auto action) { timers_.At(clock_.Now(), action); },
                       .resume = [this](uint64_t waits_for) { held_->Resume(waits_for); }});
  transactions_.emplace(clock_, timers_, absl::Seconds(32), random_, nullptr);
  held_.emplace(clock_, timers_, nullptr);
  sip::MessageHandler& handler = *this;
  server_.emplace(handler, random_, nullptr, &*transactions_, &*held_);
  ServeList(3);
}

NotifierWorld::~NotifierWorld() {
  server_.reset();
  transactions_.reset();
  service_.reset();
  held_.reset();
  clock_.Attach(nullptr);
}

std::string NotifierWorld::Fill(std::string_view text) const {
  std::string filled;
  for (size_t at = 0; at < text.size(); ++at) {
    const char name = text[at] == '$' && at + 1 < text.size() ? text[at + 1] : '\0';
    const bool numbered = name == 'c' && at + 2 < text.size();
    const size_t index = numbered ? static_cast<size_t>(text[at + 2] - '0') : SIZE_MAX;
    if (index < sender_.sent.size()) {
      filled += sender_.sent[index].request.call_id;
      at += 2;
    } else if (name == 't') {
      filled += tag_;
      ++at;
    } else if (name == 'p') {
      filled += publication_tag_;
      ++at;
    } else if (name == 'e') {
      if (!sender_.sent.empty()) filled += sender_.sent.back().request.entity_tag;
      ++at;
    } else if (name == 'a') {
      filled += Credentials(text.substr(0, text.find(' ')));
      ++at;
    } else {
      filled += text[at];
    }
  }
  return filled;
}

// As a phone does that was challenged, without a body in its digest.
std::string NotifierWorld::Credentials(std::string_view method) const {
  FakeRandom random;
  sip::ClientDigestSession session(random);
  const auto password = [](std::string_view) { return sip::Credentials{"alice", kPassword}; };
  if (!session.Accept({challenge_}, {}, password).ok()) return "";
  const auto headers = session.Authorize(std::string(method), "sip:alice@example.com", "");
  return headers.empty() ? "" : headers.front().value;
}

void NotifierWorld::Receive(std::string_view text, bool stream) {
  const Transport transport = stream ? Transport::kTcp : Transport::kUdp;
  const std::string message = Fill(text);
  const sip::NextHop source{transport, {"192.0.2.9", 5060}, "192.0.2.9"};
  const sip::WireAnswer answer = server_->Take(
      message, source,
      [this](std::string_view branch, std::string_view method, const sip::Response& response) {
        Touch(branch);
        Touch(method);
        if (response.status >= 200) AnswerNewest(response);
      });
  if (!answer.text.empty()) NoteAnswer(answer.text);
  if (answer.waits_for != 0) Hold(answer.waits_for, message, source);
  AnswerLookUps();
  Advance(absl::ZeroDuration(), 0);
  FUZZ_EXPECT(held_->size() == 0);
}

void NotifierWorld::Hold(uint64_t waits_for, const std::string& message,
                         const sip::NextHop& source) {
  server_->Hold(waits_for, message, [this, source](std::string_view text) {
    const sip::WireAnswer answer = server_->TakeAgain(text, source);
    FUZZ_EXPECT(answer.waits_for == 0);
    if (!answer.text.empty()) NoteAnswer(answer.text);
  });
  // What comes again meanwhile is neither answered nor held.
  const sip::WireAnswer again =
      server_->Take(message, source, [](std::string_view, std::string_view, const auto&) {});
  FUZZ_EXPECT(again.text.empty() && again.waits_for == 0);
}

void NotifierWorld::AnswerLookUps() {
  for (const FakeUserDirectory::Question& question : std::exchange(directory_.asked, {})) {
    if (question.user != "alice") {
      question.done(absl::NotFoundError(""));
      continue;
    }
    sip::UserDirectory::Answer known;
    known.user.password = kPassword;
    question.done(known);
  }
}

// As Endpoint does.
std::optional<sip::RequestAnswer> NotifierWorld::OnRequest(const sip_t& sip, std::string_view text,
                                                           const sip::NextHop& source) {
  if (auto repeated = sip::RefuseRepeated(sip); repeated.has_value()) return repeated;
  const sip_method_t method = sip.sip_request->rq_method;
  if (method != sip_method_subscribe && method != sip_method_publish) {
    return sip::AnswerOther(sip, "application/pidf+xml", "presence", /*serves=*/true);
  }
  if (auto refusal = sip::RefuseBadRequest(sip); refusal.has_value()) return refusal;
  const sip::IncomingRequest request = sip::ToIncomingRequest(sip, text, source, clock_.Now());
  sip::RequestAnswer answer = method == sip_method_subscribe ? service_->OnSubscribe(request)
                                                             : service_->OnPublish(request);
  FUZZ_EXPECT(answer.status >= 200 && answer.status <= 699);
  FUZZ_EXPECT(answer.status != 202);  // NOT-15
  return answer;
}

void NotifierWorld::NoteAnswer(const std::string& wire) {
  FUZZ_EXPECT(wire.starts_with("SIP/2.0 "));
  FUZZ_EXPECT(wire[8] >= '2' && wire[8] <= '6');
  CheckHead(wire);
  const std::string to = ValueOf(wire, "To");
  const size_t tag = to.find(";tag=");
  if (tag != std::string::npos) tag_ = to.substr(tag + 5, to.find(';', tag + 5) - tag - 5);
  if (std::string value = ValueOf(wire, "SIP-ETag"); !value.empty()) publication_tag_ = value;
  if (std::string value = ValueOf(wire, "WWW-Authenticate"); !value.empty()) challenge_ = value;
}

void NotifierWorld::AnswerNewest(const sip::Response& response) {
  for (size_t i = sender_.sent.size(); i-- > 0;) {
    if (sender_.sent[i].client == nullptr) continue;
    sender_.Answer(i, response);
    return;
  }
}

void NotifierWorld::Advance(absl::Duration step, int status) {
  for (size_t i = 0; status != 0 && i < sender_.sent.size(); ++i) {
    sip::Response response;
    response.status = status;
    sender_.Answer(i, response);
  }
  clock_.Advance(step);
  CheckSent();
}

void NotifierWorld::Decide(const std::string& watcher, sip::WatcherDecision decision) {
  const sip::WatcherRule rule{"sip:alice@example.com", "presence", watcher, decision};
  FUZZ_EXPECT(service_->policy().Set(rule).ok());
  service_->notifier().OnRule(rule.resource_uri, rule.event_package, rule.watcher_uri);
  Advance(absl::ZeroDuration(), 0);
}

void NotifierWorld::ServeList(size_t members) {
  sip::ServedList list{"sip:team@example.com", {{"sip:alice@example.com", "Alice"}}};
  for (size_t i = 1; i < members; ++i) {
    list.members.push_back({absl::StrCat("sip:m", i, "@example.com"), ""});
  }
  if (members == 0) {
    service_->notifier().RemoveList(list.uri);
  } else {
    FUZZ_EXPECT(service_->notifier().SetList(list).ok());
  }
  Advance(absl::ZeroDuration(), 0);
}

void NotifierWorld::CheckSent() {
  FUZZ_EXPECT(sender_.sent.size() - checked_ <= kMaxSentAtOnce);
  for (; checked_ < sender_.sent.size(); ++checked_) {
    const sip::OutgoingRequest& request = sender_.sent[checked_].request;
    CheckNotify(request);
    // NOT-46: one under way in a dialog.
    for (size_t i = 0; i < checked_ && sender_.sent[checked_].client != nullptr; ++i) {
      FUZZ_EXPECT(sender_.sent[i].client != sender_.sent[checked_].client);
    }
  }
}

}  // namespace sipevents::fuzz
