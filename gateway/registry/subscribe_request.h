#ifndef GATEWAY_REGISTRY_SUBSCRIBE_REQUEST_H_
#define GATEWAY_REGISTRY_SUBSCRIBE_REQUEST_H_

#include "gateway/registry/subscription_key.h"
#include "sip/agent.h"

namespace sipevents::gateway {

// What the SIP side has to be asked for so that a caller gets what it wants.
inline sip::SubscribeRequest SubscribeRequestFor(const WantedSubscription& wanted) {
  sip::SubscribeRequest request;
  request.target_uri = wanted.key.target_uri;
  request.event_package = wanted.key.event_package;
  request.event_parameters = wanted.key.event_parameters;
  request.identity = wanted.key.identity;
  request.accept = wanted.key.accept;
  request.body_content_type = wanted.key.body_content_type;
  request.body = wanted.key.body;
  request.members = wanted.key.members;
  request.appearance_index = wanted.key.appearance_index;
  request.expires = wanted.expires;
  return request;
}

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_SUBSCRIBE_REQUEST_H_
