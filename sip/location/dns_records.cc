#include "sip/location/dns_records.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sofia-resolv/sres_record.h>

#include <array>
#include <string>

namespace sipevents::sip {
namespace {

std::string TextOf(const char* text) { return text == nullptr ? std::string() : text; }

std::string AddressText(int family, const void* octets) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(family, octets, text.data(), text.size());
  return text.data();
}

// Takes over one record that has the type asked for.
void AddRecord(DnsQuestion question, const sres_record_t& record, DnsAnswer* answer) {
  switch (question) {
    case DnsQuestion::kNaptr: {
      const sres_naptr_record_t& naptr = *record.sr_naptr;
      if (answer->naptr.size() == kMaxDnsRecords) return;
      answer->naptr.push_back({naptr.na_order, naptr.na_prefer, TextOf(naptr.na_flags),
                               TextOf(naptr.na_services), TextOf(naptr.na_regexp),
                               TextOf(naptr.na_replace)});
      return;
    }
    case DnsQuestion::kSrv: {
      const sres_srv_record_t& srv = *record.sr_srv;
      if (answer->srv.size() == kMaxDnsRecords) return;
      answer->srv.push_back(
          {srv.srv_priority, srv.srv_weight, srv.srv_port, TextOf(srv.srv_target)});
      return;
    }
    case DnsQuestion::kAaaa:
    case DnsQuestion::kA: {
      if (answer->addresses.size() == kMaxAddresses) return;
      const std::string text = question == DnsQuestion::kA
                                   ? AddressText(AF_INET, &record.sr_a->a_addr)
                                   : AddressText(AF_INET6, &record.sr_aaaa->aaaa_addr);
      answer->addresses.push_back(NumericAddress(text).value_or(text));
      return;
    }
  }
}

const char* FailureText(int status) {
  switch (status) {
    case SRES_FORMAT_ERR:
    case SRES_UNIMPL_ERR:
      return "the question is not understood";
    case SRES_AUTH_ERR:
      return "refused";
    case SRES_TIMEOUT_ERR:
    case SRES_NETWORK_ERR:
      return "no answer";
    default:
      return "server failure";
  }
}

}  // namespace

uint16_t DnsTypeOf(DnsQuestion question) {
  switch (question) {
    case DnsQuestion::kNaptr:
      return sres_type_naptr;
    case DnsQuestion::kSrv:
      return sres_type_srv;
    case DnsQuestion::kAaaa:
      return sres_type_aaaa;
    case DnsQuestion::kA:
      return sres_type_a;
  }
  return 0;
}

DnsAnswer ToDnsAnswer(DnsQuestion question, sres_record* const* records) {
  DnsAnswer answer;
  answer.failure = FailureText(SRES_SERVER_ERR);
  bool found = false;
  bool none = false;
  for (; records != nullptr && *records != nullptr; ++records) {
    const sres_common_t& common = *(*records)->sr_record;
    if (common.r_status == SRES_NAME_ERR || common.r_status == SRES_RECORD_ERR) {
      none = true;
    } else if (common.r_status != 0) {
      answer.failure = FailureText(common.r_status);
    } else if (common.r_type == DnsTypeOf(question) && common.r_class == sres_class_in) {
      AddRecord(question, **records, &answer);
      found = true;
    } else if (common.r_type == sres_type_cname) {
      none = true;  // an alias of something that has no such record
    }
  }
  if (found || none) {
    answer.kind = found ? DnsAnswer::Kind::kRecords : DnsAnswer::Kind::kNone;
    answer.failure.clear();
  }
  return answer;
}

const char* NoDnsAnswer() { return FailureText(SRES_TIMEOUT_ERR); }

const char* DnsQuestionName(DnsQuestion question) {
  switch (question) {
    case DnsQuestion::kNaptr:
      return "NAPTR";
    case DnsQuestion::kSrv:
      return "SRV";
    case DnsQuestion::kAaaa:
      return "AAAA";
    case DnsQuestion::kA:
      return "A";
  }
  return "";
}

}  // namespace sipevents::sip
