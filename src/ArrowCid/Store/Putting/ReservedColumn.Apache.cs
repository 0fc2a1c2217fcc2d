using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid;

public readonly partial struct ReservedColumn
{
    /// <summary>The field.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    public A.Field Field => ToApacheType.Field(FieldView);
}
