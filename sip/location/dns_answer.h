#ifndef SIP_LOCATION_DNS_ANSWER_H_
#define SIP_LOCATION_DNS_ANSWER_H_

#include <string>
#include <vector>

#include "sip/location/location.h"

namespace sipevents::sip {

enum class DnsQuestion { kNaptr, kSrv, kAaaa, kA };

// "NAPTR", "SRV" …
const char* DnsQuestionName(DnsQuestion question);

// What DNS says to one question. Threads: a value.
struct DnsAnswer {
  enum class Kind {
    kRecords,
    kNone,    // there is no such name, or it has no such record
    kFailed,  // the servers refuse, fail, or do not answer in time
  };
  Kind kind = Kind::kFailed;
  // Of the kind that was asked for, at most kMaxDnsRecords or kMaxAddresses.
  std::vector<NaptrRecord> naptr;
  std::vector<SrvRecord> srv;
  std::vector<std::string> addresses;  // as NumericAddress() gives them
  std::string failure;                 // with kFailed: why
};

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_DNS_ANSWER_H_
