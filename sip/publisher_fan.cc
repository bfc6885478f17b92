#include "sip/publisher_fan.h"

#include <cstddef>
#include <functional>
#include <utility>

#include "sip/base/uri.h"

namespace sipevents::sip {

PublicationId PublisherFan::Publish(PublishRequest request,
                                    std::shared_ptr<PublicationObserver> observer) {
  const size_t shard =
      std::hash<std::string>()(WireRequestUri(request.target_uri)) % shards_.size();
  const PublicationId id = ++last_id_ * shards_.size() + shard;
  shards_[shard]->PostPublications(
      [id, request = std::move(request),
       observer = std::move(observer)](Publications& publications) mutable {
        publications.Publish(id, std::move(request), std::move(observer));
      });
  return id;
}

void PublisherFan::Modify(PublicationId id, std::string content_type, std::string body) {
  shards_[id % shards_.size()]->PostPublications(
      [id, content_type = std::move(content_type),
       body = std::move(body)](Publications& publications) mutable {
        publications.Modify(id, std::move(content_type), std::move(body));
      });
}

void PublisherFan::SetExpireTime(PublicationId id, absl::Time expire_time) {
  shards_[id % shards_.size()]->PostPublications([id, expire_time](Publications& publications) {
    publications.SetExpireTime(id, expire_time);
  });
}

void PublisherFan::Unpublish(PublicationId id) {
  shards_[id % shards_.size()]->PostPublications(
      [id](Publications& publications) { publications.Unpublish(id); });
}

}  // namespace sipevents::sip
