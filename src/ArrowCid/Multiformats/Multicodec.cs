using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ArrowCid;

/// <summary>
/// Codes of the multicodec table that ArrowCid meets, and their names. The set is open: a code that is not here is
/// carried as it is and shown as <c>0x…</c>.
/// </summary>
public static class Multicodec
{
    /// <summary>CBOR.</summary>
    public const ulong Cbor = 0x51;
    /// <summary>Bytes without structure; batches and schemas are addressed with it.</summary>
    public const ulong Raw = 0x55;
    /// <summary>MerkleDAG protobuf: UnixFS files and directories.</summary>
    public const ulong DagPb = 0x70;
    /// <summary>MerkleDAG CBOR: manifests.</summary>
    public const ulong DagCbor = 0x71;
    /// <summary>A libp2p public key.</summary>
    public const ulong Libp2pKey = 0x72;
    /// <summary>MerkleDAG JSON.</summary>
    public const ulong DagJson = 0x0129;
    /// <summary>JSON.</summary>
    public const ulong Json = 0x0200;
    /// <summary>A content-addressed archive.</summary>
    public const ulong Car = 0x0202;
    /// <summary>A signed IPNS record.</summary>
    public const ulong IpnsRecord = 0x0300;
    /// <summary>CARv2's index by digest.</summary>
    public const ulong CarIndexSorted = 0x0400;
    /// <summary>CARv2's index by multihash.</summary>
    public const ulong CarMultihashIndexSorted = 0x0401;
    /// <summary>The trustless gateway as a transport.</summary>
    public const ulong TransportIpfsGatewayHttp = 0x0920;
    /// <summary>The commitment of a Filecoin piece (CommP).</summary>
    public const ulong FilCommitmentUnsealed = 0xf101;

    /// <summary>The identity function: the digest is the content.</summary>
    public const ulong Identity = 0x00;
    /// <summary>SHA-1.</summary>
    public const ulong Sha1 = 0x11;
    /// <summary>SHA-256 (<c>sha2-256</c>).</summary>
    public const ulong Sha256 = 0x12;
    /// <summary>SHA-512 (<c>sha2-512</c>).</summary>
    public const ulong Sha512 = 0x13;
    /// <summary>SHA3-512.</summary>
    public const ulong Sha3Bits512 = 0x14;
    /// <summary>SHA3-384.</summary>
    public const ulong Sha3Bits384 = 0x15;
    /// <summary>SHA3-256.</summary>
    public const ulong Sha3Bits256 = 0x16;
    /// <summary>SHA3-224.</summary>
    public const ulong Sha3Bits224 = 0x17;
    /// <summary>BLAKE3.</summary>
    public const ulong Blake3 = 0x1e;
    /// <summary>SHA-384 (<c>sha2-384</c>).</summary>
    public const ulong Sha384 = 0x20;
    /// <summary>BLAKE2b of 256 bits.</summary>
    public const ulong Blake2b256 = 0xb220;
    /// <summary>The root of a Filecoin piece, with its height and padding (FRC-0069).</summary>
    public const ulong Fr32Sha256Trunc254PaddedTree = 0x1011;
    /// <summary>SHA-256 cut to 254 bits, as in the trees of Filecoin.</summary>
    public const ulong Sha256Trunc254Padded = 0x1012;

    private static readonly FrozenDictionary<ulong, string> s_names = new Dictionary<ulong, string>
    {
        [Cbor] = "cbor",
        [Raw] = "raw",
        [DagPb] = "dag-pb",
        [DagCbor] = "dag-cbor",
        [Libp2pKey] = "libp2p-key",
        [DagJson] = "dag-json",
        [Json] = "json",
        [Car] = "car",
        [IpnsRecord] = "ipns-record",
        [CarIndexSorted] = "car-index-sorted",
        [CarMultihashIndexSorted] = "car-multihash-index-sorted",
        [TransportIpfsGatewayHttp] = "transport-ipfs-gateway-http",
        [FilCommitmentUnsealed] = "fil-commitment-unsealed",
        [Identity] = "identity",
        [Sha1] = "sha1",
        [Sha256] = "sha2-256",
        [Sha512] = "sha2-512",
        [Sha3Bits512] = "sha3-512",
        [Sha3Bits384] = "sha3-384",
        [Sha3Bits256] = "sha3-256",
        [Sha3Bits224] = "sha3-224",
        [Blake3] = "blake3",
        [Sha384] = "sha2-384",
        [Blake2b256] = "blake2b-256",
        [Fr32Sha256Trunc254PaddedTree] = "fr32-sha256-trunc254-padbintree",
        [Sha256Trunc254Padded] = "sha2-256-trunc254-padded",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, ulong> s_codes =
        s_names.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The name of a code.</summary>
    /// <param name="code">Any code.</param>
    /// <returns>The table's name, or <c>0x</c> and lower hexadecimal digits where ArrowCid does not know it.</returns>
    public static string Name(ulong code) =>
        TryGetName(code, out string? name) ? name : string.Create(CultureInfo.InvariantCulture, $"0x{code:x2}");

    /// <summary>The name of a code that ArrowCid knows.</summary>
    /// <param name="code">Any code.</param>
    /// <param name="name">The table's name, or null.</param>
    /// <returns>False where ArrowCid does not know the code.</returns>
    public static bool TryGetName(ulong code, [NotNullWhen(true)] out string? name) =>
        s_names.TryGetValue(code, out name);

    /// <summary>The code of a name.</summary>
    /// <param name="name">The table's name, in its own case.</param>
    /// <param name="code">The code, or 0.</param>
    /// <returns>False where ArrowCid does not know the name.</returns>
    public static bool TryGetCode(string name, out ulong code) => s_codes.TryGetValue(name, out code);

    internal static IEnumerable<KeyValuePair<ulong, string>> All => s_names;
}
