// Ends the session. The reload then meets the guard, which leads to the login, and from there back here.

const button = document.getElementById("log-out");
const problem = document.getElementById("problem");

button.addEventListener("click", async () => {
  button.disabled = true;
  problem.textContent = "";
  try {
    const response = await fetch("/api/v1/auth/logout", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"session":"cookie"}',
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    location.reload();
  } catch (error) {
    console.warn(error);
    problem.textContent = "You are still logged in. Please try again.";
    button.disabled = false;
  }
});
