#ifndef SIP_LOCATION_DNS_RECORDS_H_
#define SIP_LOCATION_DNS_RECORDS_H_

#include <cstdint>

#include "sip/location/dns_answer.h"

// sofia-sip's DNS records as ours. Threads: any, for everything here.

union sres_record;  // sofia-sip's

namespace sipevents::sip {

// The number of the record type that a question is for.
uint16_t DnsTypeOf(DnsQuestion question);

// What the records say to the question; `records` (may be null) end with a null, and hold what
// is wrong as a record, too. sofia-sip gives none at all where a server fails (SERVFAIL).
DnsAnswer ToDnsAnswer(DnsQuestion question, sres_record* const* records);

// Why there is no answer, where sofia-sip's status does not say: "no answer".
const char* NoDnsAnswer();

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_DNS_RECORDS_H_
