#ifndef TESTS_BENCH_SIP_TEXT_H_
#define TESTS_BENCH_SIP_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sipevents::bench {

// Just enough of SIP to be a load: it looks only at what it needs and takes for granted that the
// server writes messages as all of them do.

// What a phone wants to know of a NOTIFY. The views are of the message.
struct NotifyView {
  std::string_view user;  // of the Request-URI
  uint32_t cseq = 0;
  std::string_view body;
};

// Reads a NOTIFY and writes the 200 that answers it. Returns false if it is none.
bool AnswerNotify(std::string_view message, NotifyView& notify, std::string& answer);

// What matters of a response. The views are of the message.
struct ResponseView {
  int status = 0;
  std::string_view branch;  // of the topmost Via, without the magic cookie
  std::string_view etag;    // of SIP-ETag; empty: there is none
};

// Reads a response. Returns false if it is none.
bool ReadResponse(std::string_view message, ResponseView& response);

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_SIP_TEXT_H_
