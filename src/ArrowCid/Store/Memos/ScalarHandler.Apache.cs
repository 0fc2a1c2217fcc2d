using System.Globalization;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>A boolean, a number or a text as a batch of one row with the column <c>value</c>.</summary>
internal sealed class ScalarHandler : IContentHandler
{
    private const string Column = "value";

    public string Form => "scalar";

    public bool CanHandle(Type type) => type == typeof(bool) || type == typeof(int) || type == typeof(long) ||
        type == typeof(double) || type == typeof(string);

    public StoredContent Store(CidStore store, object value)
    {
        A.IArrowArray array = value switch
        {
            bool flag => new A.BooleanArray.Builder().Append(flag).Build(),
            double number => new A.DoubleArray.Builder().Append(number).Build(),
            string text => new A.StringArray.Builder().Append(text).Build(),
            _ => new A.Int64Array.Builder().Append(Convert.ToInt64(value, CultureInfo.InvariantCulture)).Build(),
        };
        return StoredContent.Of(store.Put(new A.RecordBatch.Builder().Append(Column, true, array).Build()));
    }

    public object? Load(CidStore store, Cid cid, Type type)
    {
        using BatchLease? lease = store.TryGet(cid);
        if (lease is null) return null;
        object? value = lease.Address.Rows != 1 ? null : lease.Array(Column) switch
        {
            A.BooleanArray array => array.GetValue(0),
            A.Int64Array array => array.GetValue(0),
            A.DoubleArray array => array.GetValue(0),
            A.StringArray array => array.GetString(0),
            _ => null,
        };
        try
        {
            if (value?.GetType() == type) return value;
            if (value is long && type == typeof(int))
                return Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            // It is a number of a wider type.
        }

        throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is no {type.Name}");
    }
}
