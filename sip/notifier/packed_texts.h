#ifndef SIP_NOTIFIER_PACKED_TEXTS_H_
#define SIP_NOTIFIER_PACKED_TEXTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace sipevents::sip {

// `Count` texts that seldom change, in one piece of memory: of a million watchers each has ten.
//
// Threads: one; its owner's.
template <size_t Count>
class PackedTexts {
 public:
  // Octets of all texts together.
  static constexpr size_t kMaxOctets = UINT16_MAX;

  PackedTexts() = default;

  // False: together they are too long, and nothing has changed.
  bool Set(const std::array<std::string_view, Count>& texts) {
    size_t octets = 0;
    for (const std::string_view text : texts) octets += text.size();
    if (octets > kMaxOctets) return false;
    auto buffer = std::make_unique_for_overwrite<char[]>(octets);
    std::array<uint16_t, Count> ends{};
    size_t end = 0;
    for (size_t i = 0; i < Count; ++i) {
      if (!texts[i].empty()) std::memcpy(buffer.get() + end, texts[i].data(), texts[i].size());
      end += texts[i].size();
      ends[i] = static_cast<uint16_t>(end);
    }
    buffer_ = std::move(buffer);  // only now: `texts` may be views of it
    ends_ = ends;
    return true;
  }

  std::string_view operator[](size_t index) const {
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return {buffer_.get() + begin, ends_[index] - begin};
  }

  // Replaces one of them; false as with Set().
  bool Replace(size_t index, std::string_view text) {
    std::array<std::string_view, Count> texts;
    for (size_t i = 0; i < Count; ++i) texts[i] = i == index ? text : (*this)[i];
    return Set(texts);
  }

 private:
  std::unique_ptr<char[]> buffer_;
  std::array<uint16_t, Count> ends_{};
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_PACKED_TEXTS_H_
