// Writes the numbers of a contract's fields and enum values as C++ constants, for code that writes
// the wire format itself and knows nothing of protobuf: `fields::Message::kField`,
// `fields::Enum::kVALUE`.
//
// usage: field_numbers DESCRIPTOR_SET NAMESPACE > HEADER

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;

// `display_name` -> `kDisplayName`.
std::string ConstantOf(const std::string& field) {
  std::string constant = "k";
  bool upper = true;
  for (const char c : field) {
    if (c == '_') {
      upper = true;
      continue;
    }
    constant += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return constant;
}

void Write(const EnumDescriptorProto& type) {
  std::cout << "namespace " << type.name() << " {\n";
  for (const auto& value : type.value()) {
    std::cout << "inline constexpr int k" << value.name() << " = " << value.number() << ";\n";
  }
  std::cout << "}\n";
}

void Write(const DescriptorProto& type) {  // NOLINT(misc-no-recursion): as deep as our own files
  std::cout << "namespace " << type.name() << " {\n";
  for (const auto& field : type.field()) {
    std::cout << "inline constexpr int " << ConstantOf(field.name()) << " = " << field.number()
              << ";\n";
  }
  for (const auto& nested : type.enum_type()) Write(nested);
  for (const auto& nested : type.nested_type()) Write(nested);
  std::cout << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  std::ifstream input(argv[1], std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&input)) {
    std::cerr << "field_numbers: " << argv[1] << " is no descriptor set\n";
    return 1;
  }
  std::cout << "// Made by field_numbers; see there.\n#pragma once\n\nnamespace " << argv[2]
            << " {\n";
  for (const auto& file : files.file()) {
    for (const auto& type : file.enum_type()) Write(type);
    for (const auto& type : file.message_type()) Write(type);
  }
  std::cout << "}\n";
  return 0;
}
