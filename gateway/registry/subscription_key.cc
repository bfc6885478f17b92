#include "gateway/registry/subscription_key.h"

#include <algorithm>
#include <cstdint>

#include "gateway/registry/keyed_digest.h"

namespace sipevents::gateway {
namespace {

constexpr std::string_view kCollection = "subscriptions/";
constexpr char kKeyFormatVersion = 'a';
constexpr std::string_view kBase32Digits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kNameOctets = 20;
constexpr size_t kNameDigits = kNameOctets * 8 / 5;

// `octets` must be a multiple of 40 bits long, so that no padding is needed.
std::string Base32(std::string_view octets) {
  std::string digits;
  uint32_t bits = 0;
  int count = 0;
  for (const char octet : octets) {
    bits = (bits << 8) | static_cast<unsigned char>(octet);
    count += 8;
    while (count >= 5) {
      count -= 5;
      digits += kBase32Digits[(bits >> count) & 31];
    }
  }
  return digits;
}

}  // namespace

SubscriptionNamer::SubscriptionNamer(std::string secret) : secret_(std::move(secret)), epoch_(0) {
  KeyedDigest digest(secret_);
  for (const char octet : digest.Add("epoch").First(sizeof epoch_)) {
    epoch_ = epoch_ << 8 | static_cast<unsigned char>(octet);
  }
}

SubscriptionNamer SubscriptionNamer::WithRandomSecret() {
  return SubscriptionNamer(RandomSecret());
}

std::string SubscriptionNamer::NameOf(const SubscriptionKey& key) const {
  KeyedDigest digest(secret_);
  digest.Add(key.tenant).Add(key.target_uri).Add(key.event_package);
  digest.AddCount(key.event_parameters.size());
  for (const auto& [name, value] : key.event_parameters) digest.Add(name).Add(value);
  digest.Add(key.identity).AddCount(key.accept.size());
  for (const std::string& type : key.accept) digest.Add(type);
  digest.Add(key.body_content_type).Add(key.body);
  // Only where there are some: without, names stay what they were before there could be any.
  if (!key.members.empty()) digest.AddCount(key.members.size());
  for (const std::string& member : key.members) digest.Add(member);
  if (key.appearance_index > 0) digest.Add("appearance").AddCount(key.appearance_index);
  std::string name(kCollection);
  name += kKeyFormatVersion;
  name += Base32(digest.First(kNameOctets));
  return name;
}

bool IsSubscriptionName(std::string_view text) {
  if (text.substr(0, kCollection.size()) != kCollection) return false;
  text.remove_prefix(kCollection.size());
  if (text.size() != 1 + kNameDigits || text.front() != kKeyFormatVersion) return false;
  return std::all_of(text.begin(), text.end(), [](char digit) {
    return kBase32Digits.find(digit) != std::string_view::npos;
  });
}

}  // namespace sipevents::gateway
