#if FAULT_POINTS
#endif

namespace ArrowCid.Storage;

/// <summary>The places where a crash test can kill this process. FORMAT.md, FACTS.md, INDEXES.md and BACKUP.md
/// describe what each one leaves behind.</summary>
internal enum CrashStep
{
    None,
    P0, P1, P2, P3, P4, P5, P6, P7,
    F4, F6,
    D1, D2, D3, D4,
    S0, S1, S2, S3, S4, S5,
    G1, G2, G3, G4, G5, G6,
    A0, A1, A2, A3, A4,
    C0, C1, C2, C3,
    B1, B2, B3,
    E1, E2, E3, E4, E5,
    K1, K2, K3, K4, K5, K6,
    M1, M2,
    T1,
    W1, W2, W3,
    U1, U2, U3, U4,
    R1, R2, R3, R4,
    Y0, Y1, Y2,
    X1, X2,

    // Steps of an eviction, and of a fetch that is kept (Store/Caching/CACHE.md).
    V1, V2, V3, V4,

    // Steps of the repair of a file, and of a block.
    Q1, Q2, Q3,
    H1, H2, H3,

    // Steps of the record of a result.
    N1, N2, N3,

    // Steps of writes to a bucket (BUCKET.md of ArrowCid.S3).
    O0, O1, O2, O3, O4,

    // Steps of a sync (Sync/SYNC.md).
    Z1, Z2, Z3, Z4,

    // Steps of channels (Channels/CHANNELS.md): around the record of an own message, after that of another's, and
    // around the position of a consumer.
    L1, L2, L3, L4, L5,
}
