namespace ArrowCid.Tests.Peers;

/// <summary>Software by others that blocks are checked against.</summary>
public enum Peer
{
    /// <summary>pyarrow, with numpy, in the Python that <c>interop/peers/python</c> starts.</summary>
    PyArrow,

    /// <summary>apache-arrow for JavaScript under Node.js.</summary>
    ApacheArrowJs,

    /// <summary>@ipld/dag-cbor and @ipld/dag-pb under Node.js.</summary>
    IpldJs,

    /// <summary>parquet-wasm (arrow-rs), DuckDB and hyparquet under Node.js.</summary>
    ParquetJs,

    /// <summary>@ipld/car, ipfs-unixfs-exporter and ipfs-unixfs-importer under Node.js.</summary>
    CarJs,

    /// <summary>moto, an S3 server in memory, which <c>interop/peers/s3</c> starts.</summary>
    Moto,

    /// <summary>@web3-storage/data-segment and fr32-sha2-256-trunc254-padded-binary-tree-multihash under
    /// Node.js.</summary>
    PieceJs,

    /// <summary>@multiformats/multiaddr under Node.js.</summary>
    MultiaddrJs,

    /// <summary>python3-cryptography, in the machine's own Python.</summary>
    PythonCryptography,

    /// <summary>OpenSSL's command.</summary>
    OpenSsl,

    /// <summary>@waku/sds under Node.js.</summary>
    WakuSds,

    /// <summary>WebCrypto in Node.js.</summary>
    NodeCrypto,

    /// <summary>PostgreSQL 15 or later: <c>initdb</c> and <c>postgres</c>.</summary>
    Postgres,
}
