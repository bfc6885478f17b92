#ifndef TESTS_SCENARIOS_BODY_SKETCH_H_
#define TESTS_SCENARIOS_BODY_SKETCH_H_

#include <map>
#include <string>
#include <vector>

// Looks into bodies with the naked eye: just enough to say what a document shows. No kin of the
// parsers under test; escapes and comments are not understood.

namespace sipevents::testing {

struct XmlElement {
  std::map<std::string, std::string> attributes;  // by name as it stands
  std::string content;                            // up to its own end tag

  // Empty if it is not there.
  std::string operator[](const std::string& attribute) const;
};

// All elements of this name, whatever their prefix, in order.
std::vector<XmlElement> ElementsOf(const std::string& xml, const std::string& name);

// The values of one attribute of all these elements.
std::vector<std::string> AttributesOf(const std::string& xml, const std::string& element,
                                      const std::string& attribute);

// A parameter of a Content-Type; empty if it is not there.
std::string MediaParameter(const std::string& content_type, const std::string& name);

// One part of a multipart body.
struct BodyPart {
  std::string head;  // its header lines
  std::string content_type;
  std::string content_id;  // without <>
  std::string body;
};

// The parts of a multipart body; none without a boundary in `content_type`.
std::vector<BodyPart> PartsOf(const std::string& content_type, const std::string& body);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_BODY_SKETCH_H_
