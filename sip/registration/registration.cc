#include "sip/registration/registration.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr char kMethod[] = "REGISTER";
constexpr size_t kCallIdDigits = 32;
constexpr size_t kTagDigits = 16;

Uri PartsOf(const std::string& uri) {
  absl::StatusOr<Uri> parsed = ParseUri(uri);
  return parsed.ok() ? *std::move(parsed) : Uri();
}

// The canonical form of a URI that a peer wrote; empty for what is none.
std::string Canonical(std::string_view uri) {
  absl::StatusOr<std::string> canonical = CanonicalTarget(uri, /*tel_domain=*/"");
  return canonical.ok() ? *std::move(canonical) : std::string();
}

// A GRUU that is fit for a Contact (GRUU-02): a SIP URI with a `gr` parameter.
bool IsGruu(const std::string& uri) {
  const Uri parts = PartsOf(uri);
  return (parts.scheme == "sip" || parts.scheme == "sips") &&
         std::any_of(parts.parameters.begin(), parts.parameters.end(),
                     [](const auto& parameter) { return parameter.first == "gr"; });
}

}  // namespace

Registration::Registration(RegistrationParts& parts, RegistrationSpec spec,
                           std::string contact_user, std::function<void()> on_ended)
    : parts_(parts),
      spec_(std::move(spec)),
      on_ended_(std::move(on_ended)),
      host_(PartsOf(spec_.registrar).host),
      user_(std::move(contact_user)),
      call_id_(RandomHex(parts.random, kCallIdDigits)),
      tag_(RandomHex(parts.random, kTagDigits)) {}

Registration::~Registration() {
  if (request_ != 0) parts_.sender.Forget(request_);
  parts_.flows.Release(flow_);
  parts_.timers.Cancel(timer_);
  if (began_ && state_.phase != RegistrationPhase::kEnded && parts_.metrics != nullptr) {
    parts_.metrics->OnRegistrations(RegistrationPhaseName(state_.phase), -1);
  }
}

RegistrationContext Registration::Context() const {
  return {parts_.clock.Now(), parts_.t1, parts_.retry_base, parts_.random};
}

void Registration::Start() { Apply(BeginRegistration(spec_.expires, Context())); }

void Registration::End() {
  // One that still waits for its turn need not be sent.
  if (request_ != 0 && !filled_) {
    parts_.sender.Forget(std::exchange(request_, 0));
    state_.outstanding = false;
  }
  Apply(EndRegistration(state_, Context()));
}

void Registration::Apply(RegistrationStep step) {
  const RegistrationState before = std::exchange(state_, std::move(step.state));
  if (parts_.metrics != nullptr && (before.phase != state_.phase || !began_)) {
    if (began_) parts_.metrics->OnRegistrations(RegistrationPhaseName(before.phase), -1);
    if (state_.phase != RegistrationPhase::kEnded) {
      parts_.metrics->OnRegistrations(RegistrationPhaseName(state_.phase), 1);
    }
  }
  began_ = true;
  LogStep(before, step.failed);
  if (state_.phase != RegistrationPhase::kRegistered) public_gruu_.clear();
  ArmTimer();
  if (state_.phase == RegistrationPhase::kEnded) {
    ReleaseFlow();
    if (before.phase != RegistrationPhase::kEnded) on_ended_();
    return;
  }
  if (step.send_expires.has_value()) {
    challenges_ = 0;
    Transmit(*step.send_expires);
  }
}

void Registration::LogStep(const RegistrationState& before, bool failed) const {
  if (failed) {
    Log(LogSeverity::kWarning, "registration", "registration failed",
        {{"identity", spec_.aor},
         {"registrar", spec_.registrar},
         {"server", server_},
         {"reason", state_.reason},
         {"sip_status", state_.sip_status},
         {"retry_in", absl::FormatDuration(
                          absl::Trunc(state_.act_at - parts_.clock.Now(), absl::Seconds(1)))}});
  }
  const bool was_bound = before.phase == RegistrationPhase::kRegistered;
  if (state_.phase == RegistrationPhase::kRegistered) {
    const bool was_well = was_bound && before.reason.empty();
    if (was_well || !state_.reason.empty()) return;
    Log(LogSeverity::kInfo, "registration", "registered",
        {{"identity", spec_.aor}, {"server", server_}});
  } else if (was_bound && !state_.ending) {
    Log(LogSeverity::kWarning, "registration", "no longer registered", {{"identity", spec_.aor}});
  }
}

void Registration::ArmTimer() {
  parts_.timers.Cancel(std::exchange(timer_, 0));
  const absl::Time deadline = NextDeadline(state_);
  if (deadline == absl::InfiniteFuture()) return;
  timer_ = parts_.timers.At(deadline, [this] {
    timer_ = 0;
    Apply(OnRegistrationTick(state_, Context()));
  });
}

void Registration::Transmit(uint32_t expires) {
  expires_ = expires;
  filled_ = false;
  std::string first_hop = spec_.registrar;
  if (const std::string& route = parts_.outbound_route; route.size() > 2) {
    first_hop = route.substr(1, route.size() - 2);
  }
  // Before the subscriptions that may go with its GRUU.
  const RequestPriority priority =
      expires == 0 ? RequestPriority::kUnsubscribe : RequestPriority::kRefresh;
  request_ = parts_.sender.Send(std::move(first_hop), priority, *this);
}

OutgoingRequest Registration::Fill() {
  filled_ = true;
  OutgoingRequest request;
  request.method = kMethod;
  request.request_uri = spec_.registrar;
  request.from_uri = request.to_uri = spec_.aor;
  request.from_tag = tag_;
  request.call_id = call_id_;
  request.cseq = ++cseq_;
  request.expires = expires_;
  request.contact_user = user_;
  request.contact_parameters = absl::StrCat(";+sip.instance=\"<", spec_.instance, ">\"");
  request.supported = "path";
  if (state_.with_outbound) {
    request.supported = "outbound, path";
    absl::StrAppend(&request.contact_parameters, ";reg-id=1");
  }
  if (spec_.use_gruu) request.supported = absl::StrCat("gruu, ", request.supported);
  if (!parts_.outbound_route.empty()) request.route_set = {parts_.outbound_route};
  if (digest_ == nullptr) return request;
  for (const auto& header : digest_->Authorize(kMethod, request.request_uri, request.body)) {
    request.authorization.emplace_back(header.proxy ? "Proxy-Authorization" : "Authorization",
                                       header.value);
  }
  return request;
}

void Registration::OnServer(std::string_view server) { server_ = std::string(server); }

void Registration::OnFinal(const Response& response) {
  request_ = 0;
  const bool challenged = response.status == 401 || response.status == 407;
  if (challenged && !response.made_here && MeetsChallenge(response)) {
    Transmit(expires_);
    return;
  }
  if (!challenged && !response.made_here && digest_ != nullptr) digest_->OnAnswered();
  RegisterAnswered answer{.status = response.status,
                          .failure = FailureOf(response),
                          .granted = response.expires,
                          .min_expires = response.min_expires,
                          .retry_after = response.retry_after};
  const bool accepted = response.status / 100 == 2 && !response.made_here;
  const ContactBinding* binding = accepted ? FindBinding(response) : nullptr;
  if (binding != nullptr && binding->expires.has_value()) answer.granted = binding->expires;
  RegistrationStep step = OnRegisterAnswered(state_, answer, Context());
  const bool bound = accepted && step.state.phase == RegistrationPhase::kRegistered;
  if (bound) TakeBinding(response, binding);
  Apply(std::move(step));
}

bool Registration::MeetsChallenge(const Response& response) {
  if (challenges_ >= kMostChallenges) return false;
  ++challenges_;
  if (digest_ == nullptr) digest_ = std::make_unique<ClientDigestSession>(parts_.random);
  const absl::Status met = digest_->Accept(response.challenges, [this](std::string_view realm) {
    return parts_.credentials.Lookup(realm, host_, spec_.aor);
  });
  if (met.ok()) return true;
  Log(LogSeverity::kWarning, "registration", "challenge not met",
      {{"identity", spec_.aor}, {"error", met.message()}});
  // What was refused once is shown again only when the next try comes.
  digest_.reset();
  return false;
}

// The URI tells, where it is ours as we wrote it; else the instance, which registrars that know
// RFC 5627 repeat, also of an earlier address of ours; else that there is no other Contact, of no
// other device.
const ContactBinding* Registration::FindBinding(const Response& response) const {
  const std::string own = Canonical(response.own_contact);
  for (const ContactBinding& binding : response.bindings) {
    if (!own.empty() && Canonical(binding.uri) == own) return &binding;
  }
  const std::string instance = absl::StrCat("<", spec_.instance, ">");
  for (const ContactBinding& binding : response.bindings) {
    if (EqualsIgnoreCase(binding.instance, instance)) return &binding;
  }
  const bool is_only_one =
      response.bindings.size() == 1 && response.bindings.front().instance.empty();
  return is_only_one ? &response.bindings.front() : nullptr;
}

void Registration::TakeBinding(const Response& response, const ContactBinding* binding) {
  public_gruu_.clear();
  if (spec_.use_gruu && binding != nullptr && IsGruu(binding->pub_gruu)) {
    public_gruu_ = binding->pub_gruu;
  }
  KeepFlow(response);
}

void Registration::KeepFlow(const Response& response) {
  const FlowKeeper::FlowId before = flow_;
  outbound_ = response.outbound;
  const FlowKeeper::Terms terms{response.flow_timer, response.outbound};
  flow_ = parts_.flows.Keep(server_, terms, [this] {
    flow_ = 0;
    Apply(OnFlowFailed(state_, "flow-failed", Context()));
  });
  parts_.flows.Release(before);  // after: a flow that is kept all the time is not disturbed
}

void Registration::ReleaseFlow() { parts_.flows.Release(std::exchange(flow_, 0)); }

RegistrationStatus Registration::Status() const {
  RegistrationStatus status;
  status.identity = spec_.aor;
  status.registrar = spec_.registrar;
  status.server = server_;
  status.state = std::string(RegistrationPhaseName(state_.phase));
  status.reason = state_.reason;
  status.sip_status = state_.sip_status;
  status.gruu = public_gruu_;
  status.outbound = outbound_ && state_.phase == RegistrationPhase::kRegistered;
  status.bound_until = state_.bound_until;
  status.next_time = state_.act_at;
  return status;
}

}  // namespace sipevents::sip
