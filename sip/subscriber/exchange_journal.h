#ifndef SIP_SUBSCRIBER_EXCHANGE_JOURNAL_H_
#define SIP_SUBSCRIBER_EXCHANGE_JOURNAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "sip/dialog/message.h"
#include "sip/explanation.h"

namespace sipevents::sip {

// Remembers the last exchanges of one subscription, and counts, for people who look for a fault:
// the last two SUBSCRIBEs with their answers, and the last two NOTIFYs, so that a talkative
// notifier does not push out what was asked. Keeps a few numbers and cut texts of each, in records
// of 96 octets; never bodies, never credentials, no passwords of URIs. Some 450 octets in one
// block, made by the first exchange.
//
// Threads: the SIP thread.
class ExchangeJournal {
 public:
  // More kinds of deviations are not kept.
  static constexpr size_t kMostDeviations = 8;
  // Of the last decode error.
  static constexpr size_t kMostErrorOctets = 200;

  ExchangeJournal() = default;
  ExchangeJournal(const ExchangeJournal&) = delete;
  ExchangeJournal& operator=(const ExchangeJournal&) = delete;

  // A SUBSCRIBE was made, in the fork `dialog` (0: outside one).
  void NoteRequest(uint32_t dialog, const OutgoingRequest& request, absl::Time now);
  // It left for this server, maybe once more.
  void NoteSent(uint32_t dialog, uint32_t cseq, std::string_view server, absl::Time now);
  // Its final response, or what stands for it.
  void NoteResponse(uint32_t dialog, uint32_t cseq, const Response& response, absl::Time now);
  // A NOTIFY was answered; one that is repeated is not noted again.
  void NoteNotify(uint32_t dialog, const IncomingNotify& notify, int status);
  // State was taken that nobody asked for; each counts as a NOTIFY.
  void NoteUnsolicited(const IncomingNotify& notify);
  // A body could not be used.
  void NoteBadBody(std::string_view error, absl::Time now);
  // `row` of the catalogue.
  void NoteDeviation(std::string_view row);

  // Adds exchanges, counts and deviations. `name_of` gives the id of a fork.
  void Explain(std::string_view event, const std::function<std::string(uint32_t)>& name_of,
               SubscriptionExplanation& into) const;

  // What it takes beside itself, for tests: octets of the block.
  static size_t BlockOctets();

 private:
  struct Record;
  struct Block;
  struct BlockDeleter {
    void operator()(Block* block) const;
  };

  Block& block();
  Record* FindRequest(uint32_t dialog, uint32_t cseq);
  Record& AddNotify(const IncomingNotify& notify, int status);

  std::unique_ptr<Block, BlockDeleter> block_;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_EXCHANGE_JOURNAL_H_
