// The floor of the notifier: a bare, lean sofia-sip presence server. It keeps watchers in a table
// of its own, without legs, answers without a transaction, and sends each published body, which it
// does not look at, to the watchers of its resource in NOTIFYs with a client transaction each. No
// authentication, no expiry, no composition, no bound.
// Usage: notifier_floor [T4]; T4 in milliseconds; prints `ready PORT`.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

struct Notifier;
struct Watcher;
#define NTA_AGENT_MAGIC_T struct Notifier
#define NTA_OUTGOING_MAGIC_T struct Watcher
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>

struct Watcher {
  // Terminated by null octets, one after the other: Contact, Call-ID, our From with its tag, To.
  std::unique_ptr<char[]> texts;
  uint32_t cseq = 0;
};

struct Resource {
  std::string body;
  std::vector<std::unique_ptr<Watcher>> watchers;
};

struct Notifier {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  nta_agent_t* agent = nullptr;
  absl::flat_hash_map<std::string, Resource> resources;  // by the user of their URI
  uint64_t last_tag = 0;
  // Headers that are the same in every NOTIFY.
  sip_event_t* event = nullptr;
  sip_subscription_state_t* state = nullptr;
  sip_content_type_t* content_type = nullptr;
};

namespace {

int OnResponse(Watcher* /*watcher*/, nta_outgoing_t* request, sip_t const* /*sip*/) {
  if (nta_outgoing_status(request) >= 200) nta_outgoing_destroy(request);
  return 0;
}

void Notify(Notifier& notifier, const Resource& resource, Watcher& watcher) {
  const char* contact = watcher.texts.get();
  const char* call_id = contact + strlen(contact) + 1;
  const char* from = call_id + strlen(call_id) + 1;
  const char* to = from + strlen(from) + 1;
  msg_t* message = nta_msg_create(notifier.agent, 0);
  sip_t* sip = sip_object(message);
  su_home_t* home = msg_home(message);
  const auto* target = reinterpret_cast<const url_string_t*>(contact);
  sip_header_insert(message, sip,
                    reinterpret_cast<sip_header_t*>(
                        sip_request_create(home, SIP_METHOD_NOTIFY, target, nullptr)));
  sip_header_insert(
      message, sip,
      reinterpret_cast<sip_header_t*>(sip_cseq_create(home, ++watcher.cseq, SIP_METHOD_NOTIFY)));
  sip_payload_t payload[1];
  sip_payload_init(payload);
  payload->pl_data = const_cast<char*>(resource.body.data());
  payload->pl_len = resource.body.size();
  sip_add_tl(message, sip, SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to), SIPTAG_CALL_ID_STR(call_id),
             SIPTAG_CONTACT(nta_agent_contact(notifier.agent)), SIPTAG_EVENT(notifier.event),
             SIPTAG_SUBSCRIPTION_STATE(notifier.state), TAG_END());
  if (payload->pl_len > 0) {
    sip_add_tl(message, sip, SIPTAG_CONTENT_TYPE(notifier.content_type), SIPTAG_PAYLOAD(payload),
               TAG_END());
  }
  nta_outgoing_mcreate(notifier.agent, OnResponse, &watcher, target, message, TAG_END());
}

std::string TextOf(sip_header_t const* header) {
  char text[512];
  sip_header_field_e(text, sizeof text, header, 0);
  return text;
}

void OnSubscribe(Notifier& notifier, msg_t* message, const sip_t& sip) {
  if (sip.sip_contact == nullptr || sip.sip_request->rq_url->url_user == nullptr) {
    nta_msg_treply(notifier.agent, message, SIP_400_BAD_REQUEST, TAG_END());
    return;
  }
  Resource& resource = notifier.resources[sip.sip_request->rq_url->url_user];
  auto watcher = std::make_unique<Watcher>();
  char contact[256];
  url_e(contact, sizeof contact, sip.sip_contact->m_url);
  char our_tag[24];
  snprintf(our_tag, sizeof our_tag, "nf%llx", static_cast<unsigned long long>(++notifier.last_tag));
  const std::string to =
      TextOf(reinterpret_cast<sip_header_t const*>(sip.sip_to)) + ";tag=" + our_tag;
  std::string texts = contact;
  texts += '\0';
  texts += sip.sip_call_id->i_id;
  texts += '\0';
  texts += to;
  texts += '\0';
  texts += TextOf(reinterpret_cast<sip_header_t const*>(sip.sip_from));
  watcher->texts = std::make_unique<char[]>(texts.size() + 1);
  memcpy(watcher->texts.get(), texts.c_str(), texts.size() + 1);
  nta_msg_treply(notifier.agent, message, SIP_200_OK, SIPTAG_TO_STR(to.c_str()),
                 SIPTAG_EXPIRES_STR("3600"), SIPTAG_CONTACT(nta_agent_contact(notifier.agent)),
                 TAG_END());
  Notify(notifier, resource, *watcher);
  resource.watchers.push_back(std::move(watcher));
}

void OnPublish(Notifier& notifier, msg_t* message, const sip_t& sip) {
  if (sip.sip_payload == nullptr || sip.sip_request->rq_url->url_user == nullptr) {
    nta_msg_treply(notifier.agent, message, SIP_400_BAD_REQUEST, TAG_END());
    return;
  }
  Resource& resource = notifier.resources[sip.sip_request->rq_url->url_user];
  resource.body.assign(sip.sip_payload->pl_data, sip.sip_payload->pl_len);
  char tag[24];
  snprintf(tag, sizeof tag, "%llx", static_cast<unsigned long long>(++notifier.last_tag));
  nta_msg_treply(notifier.agent, message, SIP_200_OK, SIPTAG_ETAG_STR(tag),
                 SIPTAG_EXPIRES_STR("3600"), TAG_END());
  for (const auto& watcher : resource.watchers) Notify(notifier, resource, *watcher);
}

int OnMessage(Notifier* notifier, nta_agent_t* agent, msg_t* message, sip_t* sip) {
  if (sip->sip_request == nullptr) {
    nta_msg_discard(agent, message);
  } else if (sip->sip_request->rq_method == sip_method_subscribe) {
    OnSubscribe(*notifier, message, *sip);
  } else if (sip->sip_request->rq_method == sip_method_publish) {
    OnPublish(*notifier, message, *sip);
  } else {
    nta_msg_treply(agent, message, SIP_405_METHOD_NOT_ALLOWED, TAG_END());
  }
  return 0;
}

void DiscardLog(void* /*context*/, char const* /*format*/, va_list /*arguments*/) {}

}  // namespace

int main(int argc, char** argv) {
  su_init();
  su_log_redirect(nullptr, DiscardLog, nullptr);
  Notifier notifier;
  notifier.event = sip_event_make(notifier.home, "presence");
  notifier.state = sip_subscription_state_make(notifier.home, "active;expires=3600");
  notifier.content_type = sip_content_type_make(notifier.home, "application/pidf+xml");
  su_root_t* root = su_root_create(nullptr);
  // Bodies of 1 KB stay on UDP; a burst of answers finds room in the socket.
  const unsigned t4 = argc > 1 ? static_cast<unsigned>(strtoul(argv[1], nullptr, 10)) : 5000;
  notifier.agent =
      nta_agent_create(root, URL_STRING_MAKE("sip:127.0.0.1:0;transport=udp"), OnMessage, &notifier,
                       NTATAG_UA(1), NTATAG_UDP_MTU(65535), NTATAG_SIP_T4(t4),
                       TPTAG_UDP_RMEM(8 << 20), TPTAG_UDP_WMEM(8 << 20), TAG_END());
  if (notifier.agent == nullptr) return 1;
  printf("ready %s\n", nta_agent_via(notifier.agent)->v_port);
  fflush(stdout);
  su_root_run(root);
  return 0;
}
