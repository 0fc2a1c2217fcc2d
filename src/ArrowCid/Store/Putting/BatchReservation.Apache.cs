using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid;

public sealed partial class BatchReservation
{
    /// <summary>The schema.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    public A.Schema Schema => ToApacheType.Schema(SchemaView);
}
