#ifndef TESTS_GATEWAY_RPC_TEST_CERTIFICATES_H_
#define TESTS_GATEWAY_RPC_TEST_CERTIFICATES_H_

#include <string>

namespace sipevents::testing {

// A certificate and its key in PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

// What a certificate says of its holder.
struct Subject {
  std::string common_name;
  std::string alternative_names;  // as OpenSSL writes them: "URI:spiffe://a,DNS:b"; may be empty
};

// Makes a certificate that signs itself and others. Threads: any.
KeyPair MakeAuthority(const std::string& common_name);

// Makes a certificate signed by `authority`, good for servers and clients, for a day.
KeyPair MakeCertificate(const Subject& subject, const KeyPair& authority);

}  // namespace sipevents::testing

#endif  // TESTS_GATEWAY_RPC_TEST_CERTIFICATES_H_
