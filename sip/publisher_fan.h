#ifndef SIP_PUBLISHER_FAN_H_
#define SIP_PUBLISHER_FAN_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sip/publication.h"
#include "sip/shard.h"

namespace sipevents::sip {

// Hands each publication to one of the SIP threads: the same one for all of a Request-URI, whoever
// publishes (EPA-03). No thread is better than another otherwise, since a PUBLISH has no Contact.
//
// Threads: any, once the shards are there.
class PublisherFan : public Publisher {
 public:
  // `shards` is filled before the first call, and outlives this.
  explicit PublisherFan(const std::vector<std::unique_ptr<Shard>>& shards) : shards_(shards) {}

  PublicationId Publish(PublishRequest request,
                        std::shared_ptr<PublicationObserver> observer) override;
  void Modify(PublicationId id, std::string content_type, std::string body) override;
  void SetExpireTime(PublicationId id, absl::Time expire_time) override;
  void Unpublish(PublicationId id) override;

 private:
  const std::vector<std::unique_ptr<Shard>>& shards_;
  std::atomic<uint64_t> last_id_{0};
};

}  // namespace sipevents::sip

#endif  // SIP_PUBLISHER_FAN_H_
