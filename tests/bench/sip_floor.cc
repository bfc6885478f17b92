// The floor of the SIP side: a bare, lean sofia-sip sink. It finds the dialog of a NOTIFY in a
// table of its own, parses the body with pugixml and answers 200 without a transaction.
// Usage: sip_floor DIALOGS; prints `ready PORT`.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "pugixml.hpp"
#include "tests/bench/notify_load.h"

struct Sink;
#define NTA_AGENT_MAGIC_T struct Sink
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>

struct Sink {
  struct Dialog {
    std::string tag;
    uint32_t cseq = 0;
  };
  absl::flat_hash_map<std::string, Dialog> dialogs;
  std::string buffer;
  pugi::xml_document document;
};

namespace {

int OnMessage(Sink* sink, nta_agent_t* agent, msg_t* message, sip_t* sip) {
  if (sip->sip_request == nullptr) {
    nta_msg_discard(agent, message);
    return 0;
  }
  const auto found = sink->dialogs.find(sip->sip_call_id->i_id);
  if (found == sink->dialogs.end() || sip->sip_to->a_tag == nullptr ||
      found->second.tag != sip->sip_to->a_tag) {
    nta_msg_treply(agent, message, SIP_481_NO_TRANSACTION, TAG_END());
    return 0;
  }
  found->second.cseq = sip->sip_cseq->cs_seq;
  sink->buffer.assign(sip->sip_payload->pl_data, sip->sip_payload->pl_len);
  sink->document.load_buffer_inplace(sink->buffer.data(), sink->buffer.size());
  nta_msg_treply(agent, message, SIP_200_OK, TAG_END());
  return 0;
}

void DiscardLog(void* /*context*/, char const* /*format*/, va_list /*arguments*/) {}

}  // namespace

int main(int argc, char** argv) {
  su_init();
  su_log_redirect(nullptr, DiscardLog, nullptr);
  Sink sink;
  const size_t count = argc > 1 ? strtoul(argv[1], nullptr, 10) : 1;
  for (size_t i = 0; i < count; ++i) {
    sink.dialogs[sipevents::bench::SyntheticCallId(i)].tag = sipevents::bench::SyntheticLocalTag(i);
  }
  su_root_t* root = su_root_create(nullptr);
  nta_agent_t* agent =
      nta_agent_create(root, URL_STRING_MAKE("sip:127.0.0.1:0;transport=udp"), OnMessage, &sink,
                       NTATAG_UA(1), TPTAG_UDP_RMEM(8 << 20), TAG_END());
  if (agent == nullptr) return 1;
  printf("ready %s\n", nta_agent_via(agent)->v_port);
  fflush(stdout);
  su_root_run(root);
  return 0;
}
