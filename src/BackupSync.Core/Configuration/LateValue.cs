namespace BackupSync.Configuration;

/// <summary>
/// A value of the configuration: at hand, or got when it is first needed, as what a command prints; or why it cannot be had. What depends
/// on this machine is so told where it is needed, and not to who needs something else.
/// </summary>
sealed class LateValue<T> : IEquatable<LateValue<T>> where T : class
{
    readonly Lock _lock = new();
    readonly Func<(T? Value, ConfigurationProblem? Problem)>? _get;
    readonly Func<ConfigurationProblem?>? _notNow;
    Outcome? _found;

    public LateValue(T value) => _found = new(value, null);

    public LateValue(ConfigurationProblem problem) => _found = new(null, problem);

    /// <param name="origin">Where it is got from, as a phrase.</param>
    /// <param name="get">Called when it is needed, once unless it is stopped.</param>
    /// <param name="notNow">
    /// Why it cannot be got at the moment; null where it can. It is not kept: who looks at a configuration must not spoil it for others.
    /// </param>
    public LateValue(
        string origin, Func<(T? Value, ConfigurationProblem? Problem)> get, Func<ConfigurationProblem?>? notNow = null) =>
        (Origin, _get, _notNow) = (origin, get, notNow);

    /// <summary>Where it is got from; null where it was at hand from the beginning.</summary>
    public string? Origin { get; }

    /// <summary>Whether asking for it starts nothing.</summary>
    public bool IsAtHand => _found is not null;

    /// <exception cref="ConfigurationException">It cannot be had.</exception>
    public T Value => Found.Value ?? throw new ConfigurationException([Problem!]);

    /// <summary>Why it cannot be had; null where it can.</summary>
    public ConfigurationProblem? Problem => Found.Problem;

    /// <summary>The same with a second value put in.</summary>
    public LateValue<T> With<TOther>(LateValue<TOther> other, Func<T, TOther, (T?, ConfigurationProblem?)> put) where TOther : class
    {
        (T?, ConfigurationProblem?) Both() => Problem is { } problem ? (null, problem)
            : other.Problem is { } otherProblem ? (null, otherProblem)
            : put(Value, other.Value);
        if (!IsAtHand || !other.IsAtHand)
            return new LateValue<T>(Origin ?? other.Origin!, Both, () => NotNow ?? other.NotNow);
        var (value, fault) = Both();
        return value is not null ? new LateValue<T>(value) : new LateValue<T>(fault!);
    }

    /// <summary>Those that were at hand are equal by what they hold.</summary>
    public bool Equals(LateValue<T>? other) =>
        ReferenceEquals(this, other) || (Origin is null && other is { Origin: null } && Found == other.Found);

    public override bool Equals(object? obj) => Equals(obj as LateValue<T>);

    public override int GetHashCode() => Origin?.GetHashCode(StringComparison.Ordinal) ?? Found.GetHashCode();

    ConfigurationProblem? NotNow => IsAtHand ? null : _notNow?.Invoke();

    /// <summary>Got by the first who needs it, while others wait.</summary>
    Outcome Found
    {
        get
        {
            lock (_lock)
            {
                if (NotNow is { } problemNow)
                    return new Outcome(null, problemNow);
                if (_found is null)
                {
                    var (value, problem) = _get!();
                    _found = new Outcome(value, problem);
                }
                return _found;
            }
        }
    }

    sealed record Outcome(T? Value, ConfigurationProblem? Problem);
}
